import { join } from 'node:path'
import { Failure } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import type { Archive, ArchiveLimits } from './archive.js'
import { openTar } from './openTar.js'
import { openZip } from './openZip.js'
import { openSingle } from './openSingle.js'
import { sniff, sniffBytes } from './sniff.js'
import type { Spool } from './spool.js'

export interface ArchiveSource {
  store: ObjectStore
  /** Of the uploaded object. */
  key: string
  /** The file name it came with, for messages. */
  name: string
  /** Of names that are not UTF-8; null: such names are refused. */
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

/**
 * Brings the upload to the local disk (a tar.gz unpacked to a tar, never file by file) and lists it. Unsafe entries go to `problems`.
 *
 * @throws Failure ARCHIVE_UNREADABLE when it is no archive of ours or cut off, ARCHIVE_UNSAFE for a bomb, DATASET_TOO_LARGE, DISK_FULL
 */
export async function openArchive(source: ArchiveSource): Promise<Archive> {
  const { store, key, name, folder, limits } = source
  const head = await store.head(key)
  if (head === null) throw new Failure('NOT_FOUND', `the upload ${key} is not in the store`)
  if (head.bytes === 0) throw new Failure('ARCHIVE_UNREADABLE', `${name} is empty`)
  if (head.bytes > limits.maxBytes) throw new Failure('DATASET_TOO_LARGE', `${name} has ${head.bytes} bytes; the limit maxBytes is ${limits.maxBytes}`)
  source.spool.boundBy(head.bytes)
  const file = join(folder, 'upload')
  const content = sniff(await firstBytes(store, key))
  switch (content) {
    case 'zip':
      return openZip(source, file)
    case 'tar':
    case 'gzip':
      return openTar(source, { file, bytes: head.bytes, gzipped: content === 'gzip' })
    case 'parquet':
    case 'matlab':
      return openSingle(source, file)
    case 'numpy':
    case 'idx':
    case 'pickle':
      throw new Failure('ARCHIVE_UNREADABLE', `${name} is a single ${content} file, by its first bytes; pictures and their labels are needed: pack its files into one zip, tar or tar.gz`)
    case 'archive':
    case 'picture':
    case 'other':
      throw new Failure('ARCHIVE_UNREADABLE', `${name} is ${content === 'picture' ? 'a single picture' : 'of another kind'}, by its first bytes: neither zip, tar nor tar.gz, Parquet nor a MATLAB file`)
  }
}

async function firstBytes(store: ObjectStore, key: string): Promise<Uint8Array> {
  const { body } = await store.get(key, { start: 0, end: sniffBytes - 1 })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
