import type { Split } from '@imclr/contract'
import { unfit } from '../problems.js'
import { columnMajor } from '../records.js'
import { readIn } from './readIn.js'
import { checkCounts, named, layoutOfRecords } from './layoutOfRecords.js'
import type { Block } from './layoutOfRecords.js'
import { checkNames, nameList, readList } from './textList.js'
import type { ListLimits } from './textList.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'
import { checkLengths } from './detectCifarBinary.js'

const size = { height: 96, width: 96 }
const recordBytes = 3 * size.height * size.width

/** STL-10's list of folds has ten lines of a thousand positions, 50 kB. */
const foldList: ListLimits = { maxBytes: 4 * 2 ** 20, maxLines: 1000 }

const files: readonly { split: Split; pixels: string; labels: string | null }[] = [
  { split: 'train', pixels: 'train_X.bin', labels: 'train_y.bin' },
  { split: 'test', pixels: 'test_X.bin', labels: 'test_y.bin' },
  { split: 'unlabelled', pixels: 'unlabeled_X.bin', labels: null },
]

/**
 * STL-10's binary archive, known by the names of its files: planes of red, green and blue, column after column, and
 * labels from 1 (cs.stanford.edu/~acoates/stl10). Null where it is none.
 */
export async function detectStl10(context: LayoutContext): Promise<DetectedLayout | null> {
  const { archive } = context
  const indexOf = (name: string) => archive.files.findIndex(({ path }) => path === name || path.endsWith(`/${name}`))
  const names = indexOf('class_names.txt')
  if (names === -1 || indexOf('train_X.bin') === -1) return null

  const classNames = await readList(archive, names, nameList)
  checkNames(classNames, archive.files[names]!.path)
  const blocks: Block[] = []
  for (const { split, pixels, labels } of files) {
    const index = indexOf(pixels)
    if (index === -1) continue
    const { path } = archive.files[index]!
    const file = await readIn(path, () => archive.open(index))
    checkLengths([{ path, bytes: file.bytes }], recordBytes)
    const labelFile = labels === null ? -1 : indexOf(labels)
    checkCounts(
      { path, count: file.bytes / recordBytes, ...size, labels: archive.files[labelFile]?.bytes ?? null },
      context,
    )
    blocks.push({
      path,
      split,
      records: { file, count: file.bytes / recordBytes, offset: 0, recordBytes, grid: columnMajor(size, 3) },
      labels: labelFile === -1 ? null : await readIn(archive.files[labelFile]!.path, () => archive.read(labelFile)),
    })
  }
  const folds = indexOf('fold_indices.txt')
  return layoutOfRecords(
    {
      layout: 'stl10-binary',
      blocks,
      naming: named(classNames, context.notes, 1),
      ...(folds === -1
        ? {}
        : {
            folds: readFolds(await readList(archive, folds, foldList), {
              path: archive.files[folds]!.path,
              count: blocks[0]!.records.count,
            }),
          }),
    },
    context,
  )
}

/** A line for each fold: positions of training images, from 0. */
function readFolds(lines: readonly string[], { path, count }: { path: string; count: number }): number[][] {
  return lines.map((line, i) =>
    line.split(/\s+/).map((text) => {
      const place = Number(text)
      if (/^\d+$/.test(text) && place < count) return place
      throw unfit({
        path,
        code: 'FOLD_OUT_OF_RANGE',
        message: `line ${i + 1} has ${JSON.stringify(text.slice(0, 40))}; places are 0 to ${count - 1}`,
        fix: 'Take the archive anew from where it was published, or leave this file out.',
      })
    }),
  )
}
