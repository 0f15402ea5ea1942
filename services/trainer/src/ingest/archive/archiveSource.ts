import type { ObjectStore } from '@imclr/storage'
import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import type { ArchiveLimits } from './archive.js'
import type { Spool } from './spool.js'

/** An upload in the store, and what is needed to open it. */
export interface ArchiveSource {
  store: ObjectStore
  /** Of the uploaded object. */
  key: string
  /** The file name it came with, for messages. */
  name: string
  /** The encoding of names that are not UTF-8; null: such names are refused. */
  encoding: string | null
  /** A folder of the caller's, for one temporary file; the caller removes it. */
  folder: string
  limits: ArchiveLimits
  /** For files of a zip that are opened. */
  spool: Spool
  problems: Problems
  notes: Notes
  signal: AbortSignal
  /** Bytes of the upload that have been read, and how many there are. */
  onBytes: (done: number, total: number) => void
}
