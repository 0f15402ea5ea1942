import type { Split } from '@imclr/contract'
import type { OpenFile } from '../archive/archive.js'
import { maxIssues, unfit } from '../problems.js'
import { planar } from '../records.js'
import { readIn } from './readIn.js'
import { noteBeside } from './noteBeside.js'
import { checkCounts, named, layoutOfRecords } from './layoutOfRecords.js'
import type { Block } from './layoutOfRecords.js'
import { checkNames, nameList, readList } from './textList.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'

interface CifarFormat {
  train: RegExp
  test: RegExp
  /** Bytes before the pixels. */
  labelBytes: number
  /**
   * For each kind of label its names, and which of those bytes it is; the first file is what the archive is known by.
   */
  fine: { names: string; at: number }
  coarse: { names: string; at: number } | null
}

/**
 * As www.cs.toronto.edu/~kriz/cifar.html describes them: labels of a byte each, then 1,024 red, green and blue bytes.
 */
const formats: readonly CifarFormat[] = [
  {
    train: /^data_batch_\d+\.bin$/,
    test: /^test_batch\.bin$/,
    labelBytes: 1,
    fine: { names: 'batches.meta.txt', at: 0 },
    coarse: null,
  },
  {
    train: /^train\.bin$/,
    test: /^test\.bin$/,
    labelBytes: 2,
    fine: { names: 'fine_label_names.txt', at: 1 },
    coarse: { names: 'coarse_label_names.txt', at: 0 },
  },
]
export const cifarSize = { height: 32, width: 32 }

const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** The CIFAR-10 and CIFAR-100 binary archives, known by the names of their files; null where it is neither. */
export async function detectCifarBinary(context: LayoutContext): Promise<DetectedLayout | null> {
  const { archive, options } = context
  const files = archive.files
    .map(({ path }, file) => ({ path, file, name: baseName(path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const format = formats.find(
    ({ fine, train }) => files.some(({ name }) => name === fine.names) && files.some(({ name }) => train.test(name)),
  )
  if (!format) return null
  const labelled = options.labels === 'coarse' ? format.coarse : format.fine
  const names = files.find(({ name }) => name === labelled?.names)
  if (labelled === null || names === undefined) throw noCoarseLabels(files[0]!.path)

  const { labelBytes } = format
  const recordBytes = labelBytes + 3 * cifarSize.height * cifarSize.width
  const batches = files.flatMap(({ path, file, name }) => {
    const split: Split | null = format.train.test(name) ? 'train' : format.test.test(name) ? 'test' : null
    return split === null ? [] : [{ path, file, split, bytes: archive.files[file]!.bytes }]
  })
  checkLengths(batches, recordBytes)
  const used = new Set([names.file, ...batches.map(({ file }) => file)])
  const ofTheSet = new Set([format.fine.names, format.coarse?.names])
  noteBeside(
    files.flatMap(({ path, file, name }) => (used.has(file) || ofTheSet.has(name) ? [] : [path])),
    context.notes,
  )
  const classNames = await readList(archive, names.file, nameList)
  checkNames(classNames, names.path)
  const blocks: Block[] = []
  for (const { path, file: index, split } of batches) {
    const file = await readIn(path, () => archive.open(index))
    const count = file.bytes / recordBytes
    checkCounts({ path, count, ...cifarSize }, context)
    blocks.push({
      path,
      split,
      records: { file, count, offset: labelBytes, recordBytes, grid: planar(cifarSize, 3) },
      labels: await readIn(path, () => everyByte(file, { first: labelled.at, step: recordBytes, count })),
    })
  }
  return layoutOfRecords({ layout: 'cifar-binary', blocks, naming: named(classNames, context.notes) }, context)
}

export const noCoarseLabels = (path: string) =>
  unfit({
    path,
    code: 'NO_COARSE_LABELS',
    message: 'there are no coarse labels; CIFAR-100 has them',
    fix: "Leave the option 'labels' out.",
  })

/** @throws Failure DATASET_INVALID that names every file that does not consist of records of this size */
export function checkLengths(files: readonly { path: string; bytes: number }[], recordBytes: number): void {
  const [first, ...more] = files
    .filter(({ bytes }) => bytes === 0 || bytes % recordBytes !== 0)
    .slice(0, maxIssues)
    .map(({ path, bytes }) => ({
      path,
      code: 'RECORD_LENGTH',
      message: `it has ${bytes} bytes, no multiple of ${recordBytes}, those of a record`,
      fix: 'Take the archive anew from where it was published.',
    }))
  if (first) throw unfit(first, ...more)
}

const recordsAtOnce = 2000

/** One byte of every record. */
async function everyByte(
  file: OpenFile,
  { first, step, count }: { first: number; step: number; count: number },
): Promise<Uint8Array> {
  const found = new Uint8Array(count)
  let content: Uint8Array | undefined
  for (let from = 0; from < count; from += recordsAtOnce) {
    const some = Math.min(recordsAtOnce, count - from)
    content = await file.read(from * step, some * step, content)
    for (let i = 0; i < some; i++) found[from + i] = content[i * step + first]!
  }
  return found
}
