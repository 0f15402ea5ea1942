import type { PrepareOptions, Split } from '@imclr/contract'
import type { Archive, PictureFiles } from '../archive/archive.js'
import type { Spool } from '../archive/spool.js'
import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import type { Records } from '../records.js'

/** The small index entry that is held of every image. */
export interface Item {
  path: string
  /** Place among the pictures' files, or the blocks of records. */
  file: number
  /**
   * What the upload says it is for. Where `testWasGiven` is false, the test split is cut from the training images
   * later.
   */
  split: Split
  /** Place in `DetectedLayout.classes`; -1 where there is none. */
  label: number
  /** Which record of the block. */
  record?: number
}

/** What an upload turned out to be: which images it has, and what it says about each. */
export interface DetectedLayout {
  /** For the manifest: 'folders', 'labels.csv', 'idx', ... */
  layout: string
  /**
   * In code-unit order (that of JavaScript's `<`: capitals before small letters, numbers by digit); classes that have
   * numbers only, by number.
   */
  classes: string[]
  testWasGiven: boolean
  /** By path in code-unit order, so that zip and tar of one folder are one data set; records in their own. */
  items: Item[]
  /** Pictures to be decoded, or raw ones. */
  pixels: { kind: 'pictures'; files: PictureFiles } | { kind: 'records'; blocks: Records[] }
  /** Named parts of the training images, as places in `items`: the ten folds of STL-10. */
  folds: number[][] | null
}

export interface LayoutContext {
  archive: Archive
  options: Pick<PrepareOptions, 'labels' | 'folders' | 'encoding' | 'onProblem'>
  problems: Problems
  notes: Notes
  spool: Spool
  maxImages: number
}
