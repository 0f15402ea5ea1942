import { createGunzip } from 'node:zlib'
import type { Issue } from '@imclr/contract'
import { DamagedFile } from './archive.js'
import type { Archive, OpenFile } from './archive.js'
import { archiveName, sniff, sniffBytes } from './sniff.js'
import { inflated } from './spool.js'

/**
 * An upload of more files is no archive around archives. Single archives among its pictures are reported later, one by
 * one.
 */
const maxFiles = 10
const nameOfArchive = /\.(zip|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|7z|rar)$/i

/**
 * Finds archives in an upload of few files. A single file is looked at whatever its name; of several, those with an
 * archive's name.
 */
export async function findNested(archive: Archive): Promise<Issue[]> {
  const { files, format } = archive
  if (format === 'file' || files.length > maxFiles) return []
  const issues: Issue[] = []
  for (const [index, { path, bytes }] of files.entries()) {
    if (bytes === 0 || (files.length > 1 && !nameOfArchive.test(path))) continue
    const kind = await archive
      .open(index)
      .then(kindOf)
      .catch((error: unknown) => (error instanceof DamagedFile ? null : Promise.reject(error as Error)))
    if (kind === null) continue
    const fix =
      kind === 'zip' || kind === 'tar' || kind === 'tar.gz'
        ? 'Unpack the outer archive and upload this one by itself.'
        : 'Unpack it, and pack its files as zip or tar.gz.'
    issues.push({
      path,
      code: 'NESTED_ARCHIVE',
      message: `it is an archive (${kind}) within the archive${files.length === 1 ? ', and the only file in it' : ''}`,
      fix: files.length === 1 ? fix : 'Unpack it, and pack its files.',
    })
  }
  return issues
}

/** The kind of archive that a file is; null if it is none. A gzipped array is none. */
async function kindOf(file: OpenFile): Promise<string | null> {
  const head = await file.read(0, Math.min(sniffBytes, file.bytes))
  const kind = sniff(head)
  if (kind === 'zip' || kind === 'tar') return kind
  if (kind === 'archive') return archiveName(head)
  if (kind !== 'gzip') return null
  const chunks: Uint8Array[] = []
  for await (const chunk of inflated(file, createGunzip())) {
    chunks.push(chunk)
    if (chunks.reduce((sum, { length }) => sum + length, 0) >= sniffBytes) break
  }
  return sniff(Buffer.concat(chunks).subarray(0, sniffBytes)) === 'tar' ? 'tar.gz' : null
}
