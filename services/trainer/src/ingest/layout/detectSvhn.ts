import { readMat, readMatNumbers } from '../format/mat.js'
import { unfit } from '../problems.js'
import { columnMajor } from '../records.js'
import { readIn } from './readIn.js'
import type { Container } from './containers.js'
import { splitsByPath } from './splitRoles.js'
import { checkCounts, layoutOfRecords } from './layoutOfRecords.js'
import type { Block, Naming } from './layoutOfRecords.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'

/** SVHN gives the digit 0 the label 10. */
const digits: Naming = {
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  labelOf: (number) => (Number.isInteger(number) && number >= 1 && number <= 10 ? number % 10 : undefined),
  range: '1 to 10',
}

/**
 * SVHN's cropped digits: in each file `X` `[h, w, 3, n]`, column after column, and `y` `[n, 1]`. The extra part is
 * training data.
 */
export async function detectSvhn(containers: readonly Container[], context: LayoutContext): Promise<DetectedLayout> {
  const splitOf = splitsByPath(
    containers.map(({ path }) => path),
    context.notes,
  )
  const blocks: Block[] = []
  for (const [i, { path, file }] of containers.entries()) {
    const split = splitOf[i]!
    const arrays = await readIn(path, () => readMat(file, context.spool))
    const [pixels, labels] = ['X', 'y'].map((wanted) => arrays.find(({ name }) => name === wanted))
    const [height, width, channels, count] = pixels?.shape ?? []
    if (pixels?.shape.length !== 4 || pixels.stored !== 'uint8' || channels !== 3 || labels === undefined) {
      throw unfit({
        path,
        code: 'NOT_SVHN',
        message: 'it has no X of bytes [h, w, 3, n] and y [n, 1]',
        fix: "Take SVHN's cropped digits (format 2: train_32x32.mat, test_32x32.mat), or write another format.",
      })
    }
    checkCounts({ path, count: count!, height: height!, width: width!, labels: labels.count }, context)
    const grid = columnMajor({ height: height!, width: width! }, 3)
    blocks.push({
      path,
      split,
      records: { file: pixels.file, offset: pixels.offset, count: count!, recordBytes: 3 * height! * width!, grid },
      labels: await readIn(path, () => readMatNumbers(labels)),
    })
  }
  return layoutOfRecords({ layout: 'svhn', blocks, naming: digits }, context)
}
