import { Failure } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import { checkNameForms } from './checkNameForms.js'
import { openContainers } from './containers.js'
import { detectCifarBinary } from './detectCifarBinary.js'
import type { DetectedLayout, LayoutContext } from './detectedLayout.js'
import { detectFolders } from './detectFolders.js'
import { detectStl10 } from './detectStl10.js'
import { detectTable } from './detectTable.js'
import { detectTinyImageNet } from './detectTinyImageNet.js'
import { labelsAlike } from './labelsAlike.js'

/**
 * Each answers null where the upload has another layout. The first that knows the upload wins; folders are what
 * remains.
 */
const detectors: readonly ((context: LayoutContext) => Promise<DetectedLayout | null>)[] = [
  detectCifarBinary,
  detectStl10,
  detectDataFormat,
  detectTinyImageNet,
  detectTable,
]

/**
 * Finds out how the upload says what is what: by the names of its files where those are a data set's own, else by the
 * content of the largest one. Problems of layout go to `problems`.
 * @throws Failure DATASET_INVALID or ARCHIVE_UNREADABLE where the file that says so cannot be read, DATASET_TOO_LARGE
 */
export async function detectLayout(context: LayoutContext): Promise<DetectedLayout> {
  try {
    const found = await firstThatKnows(context)
    for (const alike of labelsAlike(found.classes))
      context.notes.add('LABELS_DIFFER_BY_FORM', alike.map((label) => JSON.stringify(label)).join(', '))
    if (found.pixels.kind === 'pictures') found.items.sort((a, b) => (a.path < b.path ? -1 : 1))
    checkNameForms(found.classes, context.problems)
    if (context.options.labels === 'coarse' && found.layout !== 'parquet' && !found.layout.startsWith('cifar')) {
      context.problems.add('set', {
        path: '',
        code: 'NO_COARSE_LABELS',
        message: 'these images have one label each',
        fix: "Leave the option 'labels' out.",
      })
    }
    return found
  } catch (error) {
    if (error instanceof Failure && error.code === 'DATASET_INVALID' && context.problems.isUnsafe)
      context.problems.refuse(context.options.onProblem)
    if (error instanceof DamagedFile)
      throw new Failure('ARCHIVE_UNREADABLE', `the labels cannot be read: ${error.message}`, { cause: error })
    throw error
  }
}

async function firstThatKnows(context: LayoutContext): Promise<DetectedLayout> {
  for (const detect of detectors) {
    const found = await detect(context)
    if (found !== null) return found
  }
  return detectFolders(context)
}

/** Files that hold many pictures each; null where the largest file holds none. */
async function detectDataFormat(context: LayoutContext): Promise<DetectedLayout | null> {
  const containers = await openContainers(context)
  return containers && containers.format.detect(containers.files, context)
}
