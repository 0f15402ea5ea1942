import { pictureKind } from '../../image/pictureKind.js'

/** 'archive': of a kind that is not read. 'other': neither an archive nor a picture; it may have a data format. */
export type Content = 'zip' | 'gzip' | 'tar' | 'archive' | 'picture' | 'other'

/** Bytes that `sniff` wants to see: a whole tar header. */
export const sniffBytes = 512

/** What a zip archive without an entry is called. */
export const emptyZip = 'empty zip'

/** Archives that are not read, with their names for messages. */
const archives: readonly { magic: string; name: string }[] = [
  { magic: '377abcaf271c', name: '7z' },
  { magic: '526172211a07', name: 'RAR' },
  { magic: '425a68', name: 'bzip2 (tar.bz2)' },
  { magic: 'fd377a585a00', name: 'xz (tar.xz)' },
  { magic: '28b52ffd', name: 'Zstandard (tar.zst)' },
  { magic: '04224d18', name: 'LZ4 (tar.lz4)' },
  { magic: '4c5a4950', name: 'lzip (tar.lz)' },
  { magic: '4d534346', name: 'cabinet' },
  { magic: '213c617263683e0a', name: 'ar' },
  { magic: '303730373031', name: 'cpio' },
  { magic: '303730373037', name: 'cpio' },
  { magic: '504b0506', name: emptyZip },
  { magic: '504b0708', name: 'split zip' },
  { magic: '504b3030', name: 'split zip' },
  { magic: '1f9d', name: 'compress (tar.Z)' },
  { magic: '5d0000', name: 'LZMA (tar.lzma)' },
  { magic: '78617221', name: 'xar' },
  { magic: '4d5357494d', name: 'WIM' },
]

/** What an archive that is not read is called; null where the first bytes are of none. */
export function archiveName(head: Uint8Array): string | null {
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex')
  return archives.find(({ magic }) => hex.startsWith(magic))?.name ?? null
}

/** What a file is, by its first bytes; its name is not looked at. */
export function sniff(head: Uint8Array): Content {
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex')
  if (hex.startsWith('504b0304')) return 'zip'
  if (hex.startsWith('1f8b')) return 'gzip'
  if (typeof pictureKind(head) === 'string') return 'picture'
  if (archiveName(head) !== null) return 'archive'
  return isTarHeader(head) ? 'tar' : 'other'
}

/**
 * A tar header carries the sum of its own bytes, those of the sum counted as spaces (POSIX.1-1988); old programs added
 * them up signed.
 */
export function isTarHeader(head: Uint8Array): boolean {
  if (head.length < 512) return false
  const written = Number.parseInt(
    Buffer.from(head.subarray(148, 156))
      .toString('latin1')
      .replace(/^[ \0]+/, ''),
    8,
  )
  if (Number.isNaN(written)) return false
  let [sum, above] = [8 * 32, 0]
  for (let i = 0; i < 512; i++) {
    if (i === 148) i = 156
    sum += head[i]!
    above += head[i]! >> 7
  }
  return sum === written || sum - 256 * above === written
}
