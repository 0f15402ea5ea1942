import { isUtf8 } from 'node:buffer'
import type { Issue } from '@imclr/contract'
import { decodeText, likelyEncodings } from '../encoding.js'
import { printable } from './sanitizePath.js'
import type { RawEntry } from './rawEntry.js'

/** How many bytes of names an encoding is guessed by. More would not improve the guess. */
const maxGuessBytes = 64 * 1024
/**
 * Names as text, in the order of the entries. `byEncoding` has the indices of those that the option `encoding` decoded.
 */
export interface DecodedNames {
  names: string[]
  byEncoding: Set<number>
}

/**
 * Decodes names that come as bytes. An archive has one encoding: if all names are UTF-8 (macOS, Linux), it is that,
 * else `encoding` for every name. A single name is no proof: some are valid UTF-8 by chance (the Chinese for cat, in
 * GBK, is an e with grave accent).
 *
 * @returns one issue for the whole archive, where there are names that cannot be read
 */
export function decodeNames(entries: readonly RawEntry[], encoding: string | null): DecodedNames | Issue {
  const names = entries.map(({ name }) => name)
  const byEncoding = new Set<number>()
  const bytesOf = (index: number) => Buffer.from(entries[index]!.name, 'latin1')
  const asBytes = entries.flatMap(({ isBytes }, index) => (isBytes ? [index] : []))
  const foreign = asBytes.filter((index) => !isUtf8(bytesOf(index)))
  if (foreign.length === 0) {
    for (const index of asBytes) names[index] = bytesOf(index).toString('utf8')
    return { names, byEncoding }
  }
  if (encoding === null)
    return unnamed(
      foreign.map((index) => entries[index]!.name),
      asBytes.length,
    )
  const undecoded: number[] = []
  for (const index of asBytes) {
    const text = decodeText(bytesOf(index), encoding)
    names[index] = text ?? ''
    if (text === null) undecoded.push(index)
    else byEncoding.add(index)
  }
  if (undecoded.length === 0) return { names, byEncoding }
  const { path, message } = unnamed(
    undecoded.map((index) => entries[index]!.name),
    asBytes.length,
  )
  return {
    path,
    code: 'NAME_ENCODING',
    message: `${undecoded.length} of ${asBytes.length} names in the archive are not of the encoding given, ${encoding}; ${message}`,
    fix: 'Upload with the encoding that the names have, or pack with a program that writes them in UTF-8.',
  }
}

/** @param foreign names that are not UTF-8, a character per byte */
function unnamed(foreign: readonly string[], count: number): Issue {
  const readings = readingsOf(foreign)
  const [guess] = readings
  const read = readings.map(({ encoding, example }) => `${JSON.stringify(example)} by ${encoding}`).join(', ')
  return {
    path: guess?.example ?? printable(foreign[0]!),
    code: 'NAME_ENCODING',
    message: `${count} names in the archive are not UTF-8, and nothing says of which encoding they are${read === '' ? '' : `; the first reads ${read}`}`,
    fix:
      guess === undefined
        ? "Upload with the encoding that the names have, say { encoding: 'shift_jis' }, or pack with a program that writes them in UTF-8."
        : `Upload with { encoding: '${guess.encoding}' }${readings.length > 1 ? ' if that reads right, else with the one that does' : ''}, or pack with a program that writes names in UTF-8.`,
  }
}

/** Encodings that all of the names can be read by, the likeliest first, with what the first name is then. */
function readingsOf(foreign: readonly string[]): { encoding: string; example: string }[] {
  const parts = new Set<string>()
  let length = 0
  for (const part of foreign.flatMap((name) => name.split('/'))) {
    if (length > maxGuessBytes) break
    if (!/[\x80-\xff]/.test(part) || parts.has(part)) continue
    parts.add(part)
    length += part.length
  }
  const [first] = foreign
  return likelyEncodings(Buffer.from([...parts].join('\n'), 'latin1')).map((encoding) => ({
    encoding,
    example: printable(decodeText(Buffer.from(first!, 'latin1'), encoding) ?? ''),
  }))
}
