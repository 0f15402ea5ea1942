/**
 * Files of a folder store: written aside, synced, then renamed into place, so that a crash leaves the old file or the
 * new one.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { diskFull, Failure, isNoSpace, type FullDisk } from '@imclr/contract'

export interface Expected {
  /** Hexadecimal. */
  sha256?: string
  bytes?: number
}

export interface Written {
  bytes: number
  sha256: string
}

/**
 * Writes `body` to a new file in `folder`, syncs it and returns its path; removes the file where anything goes wrong.
 * Throws Failure CHECKSUM_MISMATCH where the bytes are not the expected ones: while it writes, where there are too
 * many.
 */
export async function writeAside(
  folder: string,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  expected: Expected,
): Promise<Written & { path: string }> {
  const path = join(folder, randomBytes(12).toString('hex'))
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (expected.bytes !== undefined && bytes > expected.bytes)
        throw new Failure('CHECKSUM_MISMATCH', `more than the announced ${expected.bytes} bytes arrived`)
      hash.update(chunk)
      for (let at = 0; at < chunk.byteLength;) at += (await file.write(chunk, at)).bytesWritten
    }
    const sha256 = hash.digest('hex')
    if (expected.bytes !== undefined && bytes !== expected.bytes)
      throw new Failure('CHECKSUM_MISMATCH', `${bytes} of the announced ${expected.bytes} bytes arrived`)
    if (expected.sha256 !== undefined && sha256 !== expected.sha256)
      throw new Failure(
        'CHECKSUM_MISMATCH',
        `the bytes that arrived have sha256 ${sha256}, announced was ${expected.sha256}`,
      )
    await file.sync()
    await file.close()
    return { path, bytes, sha256 }
  } catch (error) {
    await file.close().catch(() => {})
    await rm(path, { force: true })
    throw error
  }
}

/** A stream's chunks as they come; the bytes of an array as one chunk. */
export const chunksOf = (body: Uint8Array | Readable): Iterable<Uint8Array> | AsyncIterable<Uint8Array> =>
  body instanceof Uint8Array ? [body] : body

/** Renames `from` to `to`, makes missing folders, and syncs the folders that have changed. */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  for (;;) {
    let firstMade: string | undefined
    try {
      firstMade = await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      await rename(from, to)
    } catch (error) {
      // Someone deleted the last file in that folder, and the folder with it, a moment ago.
      if (codeOf(error) === 'ENOENT' && (await exists(from))) continue
      throw error
    }
    const last = firstMade === undefined ? dirname(to) : dirname(firstMade)
    for (let folder = dirname(to); ; folder = dirname(folder)) {
      await syncFolder(folder)
      if (folder === last || folder === dirname(folder)) return
    }
  }
}

/** Removes a file and then the empty folders above it, up to `root`. Returns whether there was such a file. */
export async function removeFile(path: string, root: string): Promise<boolean> {
  const found = await rm(path).then(
    () => true,
    (error: unknown) => {
      if (['ENOENT', 'ENOTDIR', 'ERR_FS_EISDIR'].includes(codeOf(error))) return false
      throw error
    },
  )
  for (let folder = dirname(path); found && folder.length > root.length; folder = dirname(folder)) {
    if (
      !(await rmdir(folder).then(
        () => true,
        () => false,
      ))
    )
      break
  }
  return found
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null)
  await folder?.sync().catch(() => {}) // some file systems do not sync folders
  await folder?.close()
}

const exists = (path: string): Promise<boolean> =>
  open(path, 'r').then(
    (file) => file.close().then(() => true),
    () => false,
  )

export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

/**
 * Turns an error of the file system into the failure that callers know; returns other errors as they are.
 *
 * @param disk where was written; absent: nothing was
 */
export function asFailure(error: unknown, what: string, disk?: FullDisk): unknown {
  if (disk !== undefined && isNoSpace(error)) return diskFull(what, disk, error)
  switch (codeOf(error)) {
    case 'ENOENT':
      return new Failure('NOT_FOUND', `there is no object ${what}`, { cause: error })
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENAMETOOLONG':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return new Failure('BAD_INPUT', `${what} cannot be a key here: an object cannot also be a folder of others`, {
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EIO':
    case 'EMFILE':
    case 'ESTALE':
      return new Failure('STORE_UNAVAILABLE', `${what} cannot be read or written: ${(error as Error).message}`, {
        cause: error,
      })
    default:
      return error
  }
}
