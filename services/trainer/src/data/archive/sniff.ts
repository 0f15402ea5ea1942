/** What a file is, by its first bytes; names are never asked. */
export type Content = 'zip' | 'gzip' | 'tar' | 'archive' | 'picture' | ArrayContent | 'other'

/** Files that hold many pictures. */
export type ArrayContent = 'parquet' | 'matlab' | 'numpy' | 'idx' | 'pickle'

/** Bytes that `sniff` wants to see: a whole tar header. */
export const sniffBytes = 512

const archives: readonly string[] = [
  '377abcaf271c', // 7z
  '526172211a07', // rar
  '425a68', // bzip2
  'fd377a585a00', // xz
  '28b52ffd', // zstd
  '504b0506', // zip without entries
  '504b0708', // spanned zip
]
const arrays: readonly { magic: string; content: ArrayContent }[] = [
  { magic: '50415231', content: 'parquet' }, // PAR1
  { magic: '4d41544c41422035', content: 'matlab' }, // MATLAB 5
  { magic: '934e554d5059', content: 'numpy' }, // \x93NUMPY
  { magic: '0000080', content: 'idx' }, // unsigned bytes, fewer than 16 dimensions
  { magic: '8002', content: 'pickle' }, // protocol 2
  { magic: '8003', content: 'pickle' },
  { magic: '8004', content: 'pickle' },
  { magic: '8005', content: 'pickle' },
]
const pictures: readonly string[] = ['ffd8ff', '89504e470d0a1a0a', '474946383761', '474946383961']

export function sniff(head: Uint8Array): Content {
  const hex = Buffer.from(head.subarray(0, 8)).toString('hex')
  if (hex.startsWith('504b0304')) return 'zip'
  if (hex.startsWith('1f8b')) return 'gzip'
  if (pictures.some((magic) => hex.startsWith(magic))) return 'picture'
  if (hex.startsWith('52494646') && Buffer.from(head.subarray(8, 12)).toString('latin1') === 'WEBP') return 'picture'
  if (archives.some((magic) => hex.startsWith(magic))) return 'archive'
  return isTarHeader(head) ? 'tar' : (arrays.find(({ magic }) => hex.startsWith(magic))?.content ?? 'other')
}

/** A tar header carries the sum of its own bytes, those of the sum counted as spaces (POSIX.1-1988). */
function isTarHeader(head: Uint8Array): boolean {
  if (head.length < 512) return false
  const written = Number.parseInt(Buffer.from(head.subarray(148, 156)).toString('latin1').trim(), 8)
  let sum = 8 * 32
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += head[i]!
  return sum === written
}
