import { readIdx } from '../format/idx.js'
import { unfit } from '../problems.js'
import { planar } from '../records.js'
import { readIn } from './readIn.js'
import type { Container } from './containers.js'
import { pairUp } from './pairUp.js'
import { checkCounts, labelsOf, numbered, layoutOfRecords } from './layoutOfRecords.js'
import type { Block } from './layoutOfRecords.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'

/** idx files, gzipped or not, with MNIST's names: train-images, train-labels, t10k-images, t10k-labels. */
export async function detectIdx(containers: readonly Container[], context: LayoutContext): Promise<DetectedLayout> {
  const arrays = await Promise.all(
    containers.map(async ({ path, file }) => {
      const array = await readIn(path, () => readIdx(file))
      if (array.shape.length !== 1 && array.shape.length !== 3)
        throw unfit({
          path,
          code: 'IDX_SHAPE',
          message: `it has ${array.shape.length} dimensions`,
          fix: 'Images are [n, height, width], labels [n].',
        })
      return { path, kind: array.shape.length === 3 ? ('images' as const) : ('labels' as const), array }
    }),
  )
  const blocks: Block[] = []
  for (const { split, images, labels: given } of pairUp(arrays, context.notes)) {
    const {
      shape: [count, height, width],
      file,
      offset,
    } = images.array
    const labels = split === 'unlabelled' ? null : given
    checkCounts(
      { path: images.path, count: count!, height: height!, width: width!, labels: labels?.array.shape[0] ?? null },
      context,
    )
    const recordBytes = height! * width!
    blocks.push({
      path: images.path,
      split,
      records: { file, offset, count: count!, recordBytes, grid: planar({ height: height!, width: width! }, 1) },
      labels:
        labels &&
        (await readIn(labels.path, () => labels.array.file.read(labels.array.offset, labels.array.shape[0]!))),
    })
  }
  return layoutOfRecords({ layout: 'idx', blocks, naming: numbered(labelsOf(blocks)) }, context)
}
