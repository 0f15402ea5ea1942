import { maxFileBytes } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'
import { isPickledArray, readPickle } from '../format/pickle.js'
import { transposed } from '../format/transposed.js'
import { unfit } from '../problems.js'
import { planar } from '../records.js'
import { readIn } from './readIn.js'
import type { Container } from './containers.js'
import { noteBeside } from './noteBeside.js'
import { checkCounts, named, layoutOfRecords } from './layoutOfRecords.js'
import type { Block } from './layoutOfRecords.js'
import { checkNames } from './textList.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'
import { cifarSize, noCoarseLabels } from './detectCifarBinary.js'

const recordBytes = 3 * cifarSize.height * cifarSize.width

/**
 * The Python archives of CIFAR-10 and CIFAR-100: dictionaries with `data` `[n, 3072]` and labels, and one with the
 * class names.
 */
export async function detectCifarPython(
  containers: readonly Container[],
  context: LayoutContext,
): Promise<DetectedLayout> {
  const { options, spool } = context
  const batches: { path: string; file: OpenFile; found: Map<unknown, unknown> }[] = []
  let names: { path: string; found: Map<unknown, unknown> } | undefined
  for (const { path, file } of containers) {
    if (file.bytes > maxFileBytes)
      throw unfit({
        path,
        code: 'FILE_TOO_LARGE',
        message: `it has ${file.bytes} bytes, at most ${maxFileBytes} are read`,
        fix: 'Take the archive anew from where it was published.',
      })
    const found = await readIn(path, async () => readPickle(await file.read(0, file.bytes)))
    if (!(found instanceof Map)) {
      noteBeside([path], context.notes)
      continue
    }
    if (found.has('data')) batches.push({ path, file, found: withoutPixels(found) })
    else names = { path, found }
  }
  const hundred = batches.some(({ found }) => found.has('fine_labels'))
  if (options.labels === 'coarse' && !hundred) throw noCoarseLabels(containers[0]!.path)
  const labelKey = hundred ? `${options.labels}_labels` : 'labels'
  const nameKey = hundred ? `${options.labels}_label_names` : 'label_names'
  const classes = names?.found.get(nameKey)
  if (!isListOf(classes, 'string'))
    throw unfit({
      path: containers[0]!.path,
      code: 'NAMES_MISSING',
      message: `no pickle holds ${nameKey}`,
      fix: `Pack ${hundred ? 'meta' : 'batches.meta'} as well.`,
    })
  checkNames(classes, names!.path)

  const blocks: Block[] = []
  for (const { path, file, found } of batches) {
    const [location, labels] = [found.get('data'), found.get(labelKey)]
    if (!isLocation(location) || !isListOf(labels, 'number'))
      throw unfit({
        path,
        code: 'NOT_CIFAR',
        message: `it is no dictionary with data [n, ${recordBytes}] and ${labelKey}`,
        fix: 'Take the archive anew from where it was published.',
      })
    const { count, offset, fortran } = location
    checkCounts({ path, count, ...cifarSize, labels: labels.length }, context)
    const rows = fortran ? await transposed({ file, offset, count, bytes: recordBytes }, spool) : { file, offset }
    const split = /test/i.test(path.slice(path.lastIndexOf('/') + 1)) ? 'test' : 'train'
    blocks.push({ path, split, records: { ...rows, count, recordBytes, grid: planar(cifarSize, 3) }, labels })
  }
  return layoutOfRecords({ layout: 'cifar-python', blocks, naming: named(classes, context.notes) }, context)
}

interface PixelLocation {
  count: number
  offset: number
  fortran: boolean
}

/** Replaces the pixels in the dictionary by their location in the file, so that they are read only when needed. */
function withoutPixels(found: Map<unknown, unknown>): Map<unknown, unknown> {
  const data = found.get('data')
  if (!isPickledArray(data) || data.shape.length !== 2 || data.shape[1] !== recordBytes) return found.set('data', null)
  const location: PixelLocation = { count: data.shape[0]!, offset: data.data.byteOffset, fortran: data.fortran }
  return found.set('data', location)
}

const isLocation = (value: unknown): value is PixelLocation => value instanceof Object && 'offset' in value

function isListOf(value: unknown, type: 'string'): value is string[]
function isListOf(value: unknown, type: 'number'): value is number[]
function isListOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === type)
}
