/**
 * The one door to iconv-lite and chardet: bytes become text here, strictly. A byte that is not of the encoding is never
 * replaced without a word, since two class names that differ by such bytes alone would become one.
 */
import { isUtf8 } from 'node:buffer'
import { detect } from 'chardet'
import iconv from 'iconv-lite'

/**
 * Whether texts can be read by an encoding of this name (shift_jis, windows-1252, cp437 and so on; the case does not
 * matter).
 */
export const isEncoding = (name: string): boolean => iconv.encodingExists(name)

/** The text; null where a byte is not of the encoding. A byte-order mark is left out. */
export function decodeText(bytes: Uint8Array, encoding: string): string | null {
  if (isUtf8Name(encoding))
    return isUtf8(bytes)
      ? withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
      : null
  const text = iconv.decode(bytes, encoding)
  return text.includes('\ufffd') ? null : text
}

/** Encodings that are tried if the bytes do not tell their own, the most used first. */
const candidates = ['shift_jis', 'gb18030', 'big5', 'euc-kr', 'windows-1252', 'cp850', 'windows-1251', 'cp866'] as const
const maxReadings = 3

/**
 * Encodings, in the spelling of the option `encoding`, that bytes which are not UTF-8 can be read by, the likeliest
 * first. A guess, as short texts mislead any detector: show people how their text reads by each.
 */
export function likelyEncodings(bytes: Uint8Array): string[] {
  return [...new Set([...detected(bytes), ...candidates])]
    .filter((encoding) => {
      const text = decodeText(bytes, encoding)
      return text !== null && !/[\p{Cc}\p{Co}]/u.test(text.replace(/[\r\n\t]/g, ''))
    })
    .slice(0, maxReadings)
}

/**
 * The answer of the detector, which takes short texts of Japanese and DOS code pages for Western European or worse:
 * those have letters in the bytes from 0x80 to 0xbf, where Windows-1252 has marks that hardly stand in names.
 */
function detected(bytes: Uint8Array): string[] {
  const high = bytes.filter((byte) => byte >= 0x80)
  const marks = high.filter((byte) => byte < 0xc0)
  const guess = detect(bytes)?.toLowerCase() ?? null
  const isWestern = guess === null || /^(iso-8859-|windows-125|utf-)/.test(guess)
  if (isWestern && 2 * marks.length >= high.length) return ['shift_jis', 'cp850']
  if (guess === null || !isEncoding(guess)) return []
  // People mean two encodings by Western European. This is the larger one: it has the characters that the other lacks.
  return [guess === 'iso-8859-1' ? 'windows-1252' : guess]
}

const isUtf8Name = (name: string): boolean => ['utf8', 'utf-8', 'ascii', 'us-ascii'].includes(name.toLowerCase())

const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)
