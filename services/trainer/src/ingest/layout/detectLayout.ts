import { Failure } from '@imclr/contract'
import type { PrepareOptions, Split } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import type { Archive, PictureFiles } from '../archive/archive.js'
import type { Spool } from '../archive/spool.js'
import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import type { Records } from '../records.js'
import { checkNameForms } from './checkNameForms.js'
import { openContainers } from './containers.js'
import { labelsAlike } from './labelsAlike.js'
import { surveyCifarBinary } from './surveyCifarBinary.js'
import { surveyCifarPython } from './surveyCifarPython.js'
import { surveyFolders } from './surveyFolders.js'
import { surveyIdx } from './surveyIdx.js'
import { surveyNumpy } from './surveyNumpy.js'
import { surveyParquet } from './surveyParquet.js'
import { surveyStl10 } from './surveyStl10.js'
import { surveySvhn } from './surveySvhn.js'
import { surveyTable } from './surveyTable.js'
import { surveyTinyImageNet } from './surveyTinyImageNet.js'

/** The small index entry that is held of every image. */
export interface Item {
  path: string
  /** Place among the pictures' files, or the blocks of records. */
  file: number
  /** What it is for as the upload says; where `testWasGiven` is false, the test part is cut from the training images later. */
  part: Split
  /** Place in `Survey.classes`; -1 where there is none. */
  label: number
  /** Which record of the block. */
  record?: number
}

export type Layout =
  | 'folders'
  | 'labels.csv'
  | 'json-lines'
  | 'tiny-imagenet'
  | 'cifar-binary'
  | 'cifar-python'
  | 'stl10-binary'
  | 'svhn'
  | 'idx'
  | 'numpy'
  | 'parquet'

export interface Survey {
  layout: Layout
  /** In code-unit order (that of JavaScript's `<`: capitals before small letters, numbers by digit); classes that have numbers only, by number. */
  classes: string[]
  testWasGiven: boolean
  /** By path in code-unit order, so that zip and tar of one folder are one data set; records in their own. */
  items: Item[]
  /** Pictures to be decoded, or raw ones. */
  pixels: { kind: 'pictures'; files: PictureFiles } | { kind: 'records'; blocks: Records[] }
  /** Named parts of the training images, as places in `items`: the ten folds of STL-10. */
  folds: number[][] | null
}

export interface SurveyContext {
  archive: Archive
  options: Pick<PrepareOptions, 'labels' | 'folders' | 'encoding' | 'onProblem'>
  problems: Problems
  notes: Notes
  spool: Spool
  maxImages: number
}

/**
 * Finds out how the upload says what is what: by the names of its files where those are a data set's own, else by the content of
 * the largest one. Problems of layout go to `problems`.
 * @throws Failure DATASET_INVALID or ARCHIVE_UNREADABLE where the file that says so cannot be read, DATASET_TOO_LARGE
 */
export async function survey(context: SurveyContext): Promise<Survey> {
  try {
    const found =
      (await surveyCifarBinary(context)) ??
      (await surveyStl10(context)) ??
      (await surveyContainers(context)) ??
      (await surveyPictures(context))
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

async function surveyPictures(context: SurveyContext): Promise<Survey> {
  return (await surveyTinyImageNet(context)) ?? (await surveyTable(context)) ?? (await surveyFolders(context))
}

/** Files that hold many pictures each; null where the largest is none. */
async function surveyContainers(context: SurveyContext): Promise<Survey | null> {
  const containers = await openContainers(context)
  switch (containers?.kind) {
    case undefined:
      return null
    case 'pickle':
      return surveyCifarPython(containers.files, context)
    case 'matlab':
      return surveySvhn(containers.files, context)
    case 'idx':
      return surveyIdx(containers.files, context)
    case 'numpy':
      return surveyNumpy(containers.files, context)
    case 'parquet':
      return surveyParquet(containers.files, context)
  }
}
