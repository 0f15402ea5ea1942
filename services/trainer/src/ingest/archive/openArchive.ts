import { join } from 'node:path'
import { Failure } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { pictureKind } from '../../image/pictureKind.js'
import { dataFormatOf, dataFormats } from '../dataFormats.js'
import { isEncoding } from '../encoding.js'
import { unfit } from '../problems.js'
import type { Archive } from './archive.js'
import type { ArchiveSource } from './archiveSource.js'
import { describeContent } from './describeContent.js'
import { findNested } from './findNested.js'
import { openTar } from './openTar.js'
import { openZip } from './openZip.js'
import { openSingle } from './openSingle.js'
import { archiveFailure } from './receive.js'
import { archiveName, emptyZip, sniff, sniffBytes } from './sniff.js'

/**
 * Brings the upload to the local disk (a tar.gz unpacked to a tar, never file by file) and lists it. Unsafe entries go
 * to `problems`.
 *
 * @throws Failure ARCHIVE_UNREADABLE when it is no archive of ours or cut off, ARCHIVE_UNSAFE for a bomb or entries
 * that lie over each other,
 *   DATASET_INVALID where names cannot be read or there are no files, DATASET_TOO_LARGE, DISK_FULL
 */
export async function openArchive(source: ArchiveSource): Promise<Archive> {
  const { store, key, name, folder, limits } = source
  if (source.encoding !== null && !isEncoding(source.encoding)) {
    const message = `there is no encoding ${JSON.stringify(source.encoding)}`
    throw unfit({
      path: 'encoding',
      code: 'UNKNOWN_ENCODING',
      message,
      fix: 'Name one such as shift_jis, gb18030, big5, euc-kr, windows-1252, cp850 or koi8-r; leave it out where all is UTF-8.',
    })
  }
  const head = await store.head(key)
  if (head === null) throw new Failure('NOT_FOUND', `the upload ${key} is not in the store`)
  if (head.bytes === 0) throw new Failure('ARCHIVE_UNREADABLE', `${name} is empty`)
  if (head.bytes > limits.maxBytes)
    throw new Failure('DATASET_TOO_LARGE', `${name} has ${head.bytes} bytes; the limit maxBytes is ${limits.maxBytes}`)
  source.spool.boundBy(head.bytes)
  const file = join(folder, 'upload')
  const first = await firstBytes(store, key)
  const archive = await openBy(source, { file, bytes: head.bytes, first })
  try {
    await checkContent(archive, source)
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw archiveFailure(error, name)
  }
  return archive
}

function openBy(
  source: ArchiveSource,
  { file, bytes, first }: { file: string; bytes: number; first: Uint8Array },
): Promise<Archive> {
  const { name } = source
  const unreadable = (why: string) => new Failure('ARCHIVE_UNREADABLE', `${name} ${why}`)
  const content = sniff(first)
  switch (content) {
    case 'zip':
      return openZip(source, file)
    case 'tar':
    case 'gzip':
      return openTar(source, { file, bytes, gzipped: content === 'gzip' })
    case 'archive':
      if (archiveName(first) === emptyZip)
        throw unreadable('is a zip archive with nothing in it: look into it before it is sent')
      throw unreadable(
        `is ${describeContent(first)}, by its first bytes, which is not read: pack the folder as zip or tar.gz`,
      )
    case 'picture':
    case 'other': {
      const format = dataFormatOf(first)
      if (format?.standsAlone) return openSingle(source, file)
      if (format)
        throw unreadable(
          `is ${describeContent(first)}, by its first bytes; pictures and their labels are needed: pack its files into one zip, tar or tar.gz`,
        )
      if (first.length === sniffBytes && first.every((byte) => byte === 0))
        throw unreadable('begins with zeros: a tar archive without entries, or no archive at all')
      if (isWebPage(first))
        throw unreadable('is a web page, often one that tells of an error: download the archive again')
      const single = dataFormats.filter(({ standsAlone }) => standsAlone).map(({ name }) => name)
      throw unreadable(
        `is ${describeContent(first)}, by its first bytes: neither zip, tar nor tar.gz, nor a single file of the formats ${single.join(', ')}`,
      )
    }
  }
}

/**
 * @throws Failure ARCHIVE_UNSAFE where the upload is an archive of archives, DATASET_INVALID where it has no files;
 * with all other problems found so far
 */
async function checkContent(archive: Archive, { problems, name }: ArchiveSource): Promise<void> {
  const nested = await findNested(archive)
  for (const issue of nested) problems.add('unsafe', issue)
  if (archive.files.length > nested.length) return
  problems.refuse('refuse')
  const besides = [
    ...(archive.folders.length > 0
      ? [`${archive.folders.length} folder${archive.folders.length === 1 ? '' : 's'}`]
      : []),
    ...(archive.ignored > 0
      ? [`${archive.ignored} hidden or system file${archive.ignored === 1 ? '' : 's'}, which are ignored`]
      : []),
  ]
  const message = `${name} has no files in it${besides.length > 0 ? `, only ${besides.join(' and ')}` : ''}`
  throw unfit({
    path: archive.folders[0] ?? '',
    code: 'NO_FILES',
    message,
    fix: 'Pack the folder that the pictures are in, and look into the archive before it is sent.',
  })
}

function isWebPage(head: Uint8Array): boolean {
  const kind = pictureKind(head)
  return typeof kind !== 'string' && kind.code === 'HTML'
}

async function firstBytes(store: ObjectStore, key: string): Promise<Uint8Array> {
  const { body } = await store.get(key, { start: 0, end: sniffBytes - 1 })
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
