/**
 * The one door to iconv-lite and chardet: bytes become text here, strictly. A byte that is not of the encoding is never replaced without
 * a word, since two class names that differ by such bytes alone would become one.
 */
import { isUtf8 } from 'node:buffer'
import { detect } from 'chardet'
import iconv from 'iconv-lite'

/** Whether texts can be read by an encoding of this name (shift_jis, windows-1252, cp437 and so on; the case does not matter). */
export const isEncoding = (name: string): boolean => iconv.encodingExists(name)

/** The text; null where a byte is not of the encoding. A byte-order mark is left out. */
export function decodeText(bytes: Uint8Array, encoding: string): string | null {
  if (isUtf8Name(encoding)) return isUtf8(bytes) ? withoutMark(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) : null
  const text = iconv.decode(bytes as Buffer, encoding)
  return text.includes('\ufffd') ? null : text
}

/** The encoding that bytes which are not UTF-8 look like, in the spelling of the option `encoding`; null where they look like none. A guess: short texts mislead it. */
export function guessEncoding(bytes: Uint8Array): string | null {
  const guess = detect(bytes)?.toLowerCase() ?? null
  return guess !== null && !isUtf8Name(guess) && isEncoding(guess) && decodeText(bytes, guess) !== null ? guess : null
}

const isUtf8Name = (name: string): boolean => ['utf8', 'utf-8', 'ascii', 'us-ascii'].includes(name.toLowerCase())

const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)
