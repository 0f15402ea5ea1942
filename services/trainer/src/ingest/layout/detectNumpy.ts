import { readIntegers, readNpy } from '../format/npy.js'
import type { NpyArray } from '../format/npy.js'
import { transposed } from '../format/transposed.js'
import { unfit } from '../problems.js'
import type { Grid, Records } from '../records.js'
import { readIn } from './readIn.js'
import type { Container } from './containers.js'
import { noteBeside } from './noteBeside.js'
import { pairUp } from './pairUp.js'
import { wordsOf } from './splitRoles.js'
import { checkCounts, labelsOf, numbered, layoutOfRecords } from './layoutOfRecords.js'
import type { Block } from './layoutOfRecords.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'

const kinds: Record<string, 'images' | 'labels'> = {
  x: 'images',
  images: 'images',
  image: 'images',
  y: 'labels',
  labels: 'labels',
  label: 'labels',
}

/**
 * .npy files, and .npz, which is a zip of them: x_train, y_train, x_test, y_test; images, labels; train_images,
 * train_labels and so on.
 */
export async function detectNumpy(containers: readonly Container[], context: LayoutContext): Promise<DetectedLayout> {
  const arrays = await Promise.all(
    containers.map(async ({ path, file }) => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const kind = wordsOf(name).flatMap((word) => (Object.hasOwn(kinds, word) ? kinds[word]! : []))[0]
      if (kind === undefined)
        throw unfit({
          path,
          code: 'ARRAY_UNKNOWN',
          message: 'its name does not say whether it holds images or labels',
          fix: 'Name arrays x_train, y_train, x_test, y_test, or images and labels; leave others out.',
        })
      return { path, kind, array: await readIn(path, () => readNpy(file)) }
    }),
  )
  const blocks: Block[] = []
  for (const { split, images, labels: given } of pairUp(arrays, context.notes)) {
    const labels = split === 'unlabelled' ? null : given
    if (given !== null && labels === null) noteBeside([given.path], context.notes)
    if (
      labels !== null &&
      !(labels.array.shape.length === 1 || (labels.array.shape.length === 2 && labels.array.shape[1] === 1))
    ) {
      throw unfit({
        path: labels.path,
        code: 'ARRAY_SHAPE',
        message: `its shape is (${labels.array.shape.join(', ')})`,
        fix: 'Labels are [n] or [n, 1], a whole number each.',
      })
    }
    blocks.push({
      path: images.path,
      split,
      records: await recordsOf(images.array, { path: images.path, labels: labels?.array.shape[0] ?? null, context }),
      labels: labels && (await readIn(labels.path, () => readIntegers(labels.array))),
    })
  }
  return layoutOfRecords({ layout: 'numpy', blocks, naming: numbered(labelsOf(blocks)) }, context)
}

const isChannels = (side: number | undefined): side is 1 | 3 => side === 1 || side === 3

/** Bytes of shape [n, h, w], [n, h, w, c] or [n, c, h, w], c being 1 or 3. */
async function recordsOf(
  { file, offset, type, shape, fortran }: NpyArray,
  { path, labels, context }: { path: string; labels: number | null; context: LayoutContext },
): Promise<Records> {
  const fix =
    'Images are unsigned bytes (uint8, 0 to 255) of shape [n, height, width], [n, height, width, 3] or [n, 3, height, width].'
  if (type !== '|u1') throw unfit({ path, code: 'ARRAY_TYPE', message: `its numbers are of type ${type}`, fix })
  const [count = 0, ...sides] = shape
  const axes =
    sides.length === 2
      ? 'hw'
      : sides.length !== 3
        ? null
        : isChannels(sides[2])
          ? 'hwc'
          : isChannels(sides[0])
            ? 'chw'
            : null
  if (axes === null || sides.includes(0))
    throw unfit({ path, code: 'ARRAY_SHAPE', message: `its shape is (${shape.join(', ')})`, fix })
  const of = (axis: string, otherwise: number, values: readonly number[]) => values[axes.indexOf(axis)] ?? otherwise
  checkCounts({ path, count, height: of('h', 0, sides), width: of('w', 0, sides), labels }, context)
  const recordBytes = sides.reduce((product, side) => product * side, 1)
  const steps = sides.map((_, i) =>
    (fortran ? sides.slice(0, i) : sides.slice(i + 1)).reduce((product, side) => product * side, 1),
  )
  const grid: Grid = {
    height: of('h', 0, sides),
    width: of('w', 0, sides),
    channels: of('c', 1, sides) as 1 | 3,
    row: of('h', 0, steps),
    column: of('w', 0, steps),
    channel: of('c', 0, steps),
  }
  const rows = fortran
    ? await readIn(path, () => transposed({ file, offset, count, bytes: recordBytes }, context.spool))
    : { file, offset }
  return { ...rows, count, recordBytes, grid }
}
