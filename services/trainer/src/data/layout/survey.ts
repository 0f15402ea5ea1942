import { Failure } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import type { Split } from '@imclr/contract'
import type { Archive } from '../archive/archive.js'
import type { Problems } from '../problems.js'
import { surveyCifar } from './surveyCifar.js'
import { surveyFolders } from './surveyFolders.js'
import { surveyLabels } from './surveyLabels.js'

/** The small index entry that is held of every image. */
export interface Item {
  path: string
  /** Place in `Archive.files`. */
  file: number
  /** What it is for as the upload says; where `testWasGiven` is false, the test part is cut from the training images later. */
  part: Split
  /** Place in `Survey.classes`; -1 where there is none. */
  label: number
  /** CIFAR: which record of the file. */
  record?: number
}

export interface Survey {
  layout: 'folders' | 'labels.csv' | 'cifar-binary'
  /** In code-unit order (that of JavaScript's `<`: capitals before small letters, numbers by digit). */
  classes: string[]
  testWasGiven: boolean
  /** By path in code-unit order, so that zip and tar of one folder are one data set; CIFAR's records in their own. */
  items: Item[]
  /** Where the items are CIFAR records: how to cut them out. */
  cifar: CifarRecords | null
}

export interface CifarRecords {
  /** Bytes before the pixels: one label or two. */
  labelBytes: number
  /** Which of them is the class. */
  labelAt: number
  side: number
}

/**
 * Finds out how the upload says what is what. Problems of layout go to `problems`.
 * @throws Failure DATASET_INVALID or ARCHIVE_UNREADABLE where the file that says so cannot be read
 */
export async function survey(archive: Archive, problems: Problems): Promise<Survey> {
  try {
    const cifar = await surveyCifar(archive, problems)
    if (cifar !== null) return cifar
    const found = (await surveyLabels(archive, problems)) ?? surveyFolders(archive, problems)
    found.items.sort((a, b) => (a.path < b.path ? -1 : 1))
    return found
  } catch (error) {
    if (error instanceof DamagedFile) throw new Failure('ARCHIVE_UNREADABLE', `the labels cannot be read: ${error.message}`, { cause: error })
    throw error
  }
}
