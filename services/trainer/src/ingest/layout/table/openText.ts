import { DamagedFile } from '../../archive/archive.js'
import type { OpenFile } from '../../archive/archive.js'
import { chunksOf } from '../../archive/spool.js'
import { decodeText, isEncoding, likelyEncodings } from '../../encoding.js'
import { unfit } from '../../problems.js'
import { readIn } from '../readIn.js'

/** The most bytes, or characters, that a line may have. */
export const maxLineLength = 65_536

/** A text in a file, read block by block: whole lines, at most about a megabyte at a time. */
export interface Text {
  path: string
  /** As it is read: UTF-8 where nothing else is said or marked. */
  encoding: string
  /** The option 'encoding' was needed. */
  wasGiven: boolean
  /**
   * UTF-8 as it is, other encodings brought to it.
   *
   * @throws Failure DATASET_INVALID naming the first line that is not of the encoding
   */
  blocks(): AsyncGenerator<Buffer>
}

interface Source {
  file: OpenFile
  path: string
}

/** Where lines end depends on how many bytes a code unit has. */
interface Units {
  /** Of the first byte behind a byte-order mark. */
  start: number
  size: 1 | 2 | 4
  bigEndian: boolean
}

const marks: { hex: string; encoding: string; units: Units }[] = [
  { hex: 'efbbbf', encoding: 'utf-8', units: { start: 3, size: 1, bigEndian: false } },
  { hex: 'fffe', encoding: 'utf-16le', units: { start: 2, size: 2, bigEndian: false } },
  { hex: 'feff', encoding: 'utf-16be', units: { start: 2, size: 2, bigEndian: true } },
]
const plain: Units = { start: 0, size: 1, bigEndian: false }

/**
 * Finds out by which encoding a text is to be read: its byte-order mark's, else UTF-8 where all of it is that, else the
 * one given.
 * @throws Failure DATASET_INVALID TABLE_ENCODING where it is neither, naming the first line that is not UTF-8 and what
 * it looks like
 */
export async function openText(source: Source, given: string | null): Promise<Text> {
  const { file, path } = source
  if (given !== null && !isEncoding(given))
    throw unfit({
      path: '',
      code: 'UNKNOWN_ENCODING',
      message: `the encoding ${JSON.stringify(given)} is unknown`,
      fix: 'Take another name of it, such as shift_jis, windows-1252 or gb18030.',
    })
  const mark = markOf(await readIn(path, () => file.read(0, Math.min(4, file.bytes))))
  if (mark !== null) return textOf(source, { encoding: mark.encoding, wasGiven: false, units: mark.units })
  let bad: { bytes: Buffer; at: number } | null = null
  for await (const block of byteBlocks(source, plain)) {
    if (isPlainText(block.bytes)) continue
    bad = block
    break
  }
  if (bad === null) return textOf(source, { encoding: 'utf-8', wasGiven: false, units: plain })
  if (given !== null) return textOf(source, { encoding: given, wasGiven: true, units: unitsOf(given) })
  const line = firstBadLine(bad.bytes, plain, isPlainText)
  const rest = bad.bytes.subarray(line.start)
  const isWide = isFullOfNul(rest)
  const guesses = isWide ? [nulGuess(rest)] : likelyEncodings(letters(rest))
  const [first = letters(rest)] = [...linesOf(rest)].map(({ start, end }) => rest.subarray(start, end))
  const readings = guesses.map(
    (encoding) => `${JSON.stringify((decodeText(first, encoding) ?? '').slice(0, 80))} by ${encoding}`,
  )
  const where = `${path}:${(await lineAt(source, bad.at, plain)) + line.number}`
  if (!isWide && first.includes(0))
    throw unfit({
      path: where,
      code: 'TABLE_ENCODING',
      message: 'the line holds a NUL byte, which no text has',
      fix: 'Take the byte out, or save the table anew.',
    })
  throw unfit({
    path: where,
    code: 'TABLE_ENCODING',
    message: `the line is not UTF-8${readings.length === 0 ? '' : `; it reads ${readings.join(', ')}`}`,
    fix:
      guesses.length === 0
        ? "Save the table as UTF-8, or name its encoding with the option { encoding: 'windows-1252' }."
        : `Upload with { encoding: '${guesses[0]}' }${guesses.length > 1 ? ' if that reads right, else with the one that does' : ''}, or save the table as UTF-8.`,
  })
}

/**
 * The beginning of a text as far as it can be read, for a look at its header: what is not of the encoding is replaced.
 */
export function headOf(bytes: Uint8Array, given: string | null): string {
  const mark = markOf(bytes)
  const { encoding, units } = mark ?? {
    encoding:
      isPlainText(bytes) || given === null || !isEncoding(given)
        ? isFullOfNul(bytes)
          ? nulGuess(bytes)
          : 'utf-8'
        : given,
    units: plain,
  }
  const content = bytes.subarray(units.start)
  return decodeText(content, encoding) ?? Buffer.from(content).toString(encoding === 'utf-16le' ? 'utf16le' : 'utf8')
}

function textOf(
  source: Source,
  { encoding, wasGiven, units }: { encoding: string; wasGiven: boolean; units: Units },
): Text {
  const { path } = source
  async function* blocks(): AsyncGenerator<Buffer> {
    for await (const { bytes, at } of byteBlocks(source, units)) {
      const isOfIt = (line: Uint8Array) =>
        encoding === 'utf-8' ? isPlainText(line) : isWhole(decodeText(line, encoding))
      if (encoding === 'utf-8') {
        if (isPlainText(bytes)) yield bytes
        else throw await badLine(bytes, at, isOfIt)
      } else {
        const text = decodeText(bytes, encoding)
        if (!isWhole(text)) throw await badLine(bytes, at, isOfIt)
        yield Buffer.from(text!)
      }
    }
  }
  const badLine = async (bytes: Buffer, at: number, isOfIt: (line: Uint8Array) => boolean) =>
    unfit({
      path: `${path}:${(await lineAt(source, at, units)) + firstBadLine(bytes, units, isOfIt).number}`,
      code: 'TABLE_ENCODING',
      message: `the line is not ${encoding}, ${wasGiven ? 'the encoding given' : 'the encoding that the first bytes of the file name'}`,
      fix: "Save the table as UTF-8, or give its true encoding with the option 'encoding'.",
    })
  return { path, encoding, wasGiven, blocks }
}

const markOf = (bytes: Uint8Array) =>
  marks.find(({ hex }) => Buffer.from(bytes.subarray(0, 4)).toString('hex').startsWith(hex)) ?? null

/** UTF-8 without NUL, which texts of two bytes a letter are full of. */
const isPlainText = (bytes: Uint8Array): boolean => !bytes.includes(0) && decodeText(bytes, 'utf-8') !== null

/** Decoded, and without half a letter of UTF-16. */
const isWhole = (text: string | null): boolean => text !== null && !/\p{Surrogate}/u.test(text)

/** Whether a text begins as one of two bytes a letter does: a single NUL is a mistake. */
function isFullOfNul(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 200)
  return 4 * head.filter((byte) => byte === 0).length >= head.length
}

const nulGuess = (bytes: Uint8Array): string => (bytes.indexOf(0) % 2 === 0 ? 'utf-16be' : 'utf-16le')

/** Lines that have more than ASCII in them, a few thousand bytes: the rest tells nothing and costs time. */
function letters(bytes: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = []
  for (const { start, end } of linesOf(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 65_536)),
    plain,
  )) {
    const line = bytes.subarray(start, end)
    if (line.some((byte) => byte > 127)) lines.push(line)
  }
  return Buffer.concat(lines).subarray(0, 8192)
}

function unitsOf(encoding: string): Units {
  const name = encoding.toLowerCase()
  const size = /^(utf-?16|ucs-?2)/.test(name) ? 2 : /^(utf-?32|ucs-?4)/.test(name) ? 4 : 1
  return { start: 0, size, bigEndian: name.endsWith('be') }
}

/** The bytes cut behind ends of lines. `at`: where a block begins in the file. */
async function* byteBlocks(
  { file, path }: Source,
  units: Units,
  to = file.bytes,
): AsyncGenerator<{ bytes: Buffer; at: number }> {
  let carry = Buffer.alloc(0)
  let at = units.start
  try {
    for await (const chunk of chunksOf(file, units.start, to)) {
      const bytes =
        carry.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([carry, chunk])
      const cut = lastLineEnd(bytes, units)
      if (cut === 0 && bytes.length > 4 * maxLineLength)
        throw unfit({ path: `${path}:${(await lineAt({ file, path }, at, units)) + 1}`, ...lineTooLong })
      if (cut > 0) yield { bytes: bytes.subarray(0, cut), at }
      at += cut
      carry = Buffer.from(bytes.subarray(cut))
    }
  } catch (error) {
    if (error instanceof DamagedFile)
      throw unfit({ path, code: 'DAMAGED', message: error.message, fix: 'Pack it again.' })
    throw error
  }
  if (carry.length > 0) yield { bytes: carry, at }
}

export const lineTooLong = {
  code: 'LINE_TOO_LONG',
  message: `the line has more than ${maxLineLength} bytes, the limit`,
  fix: 'Keep one row in each line, with the columns path, label and split; close every quote.',
}

const unitAt = (bytes: Buffer, i: number, { size, bigEndian }: Units): number =>
  size === 1
    ? bytes[i]!
    : size === 2
      ? bigEndian
        ? bytes.readUInt16BE(i)
        : bytes.readUInt16LE(i)
      : bigEndian
        ? bytes.readUInt32BE(i)
        : bytes.readUInt32LE(i)

/** Behind the last end of a line; 0 where there is none. A carriage return as the last unit may be half of one. */
function lastLineEnd(bytes: Buffer, units: Units): number {
  const { size } = units
  const whole = bytes.length - (bytes.length % size)
  for (let i = whole - size; i >= 0; i -= size) {
    const unit = unitAt(bytes, i, units)
    if (unit === 10 || (unit === 13 && i + size < whole)) return i + size
  }
  return 0
}

/** Offsets of the lines, their ends (LF, CR or both) left out. */
export function* linesOf(bytes: Buffer, units: Units = plain): Generator<{ start: number; end: number }> {
  const { size } = units
  let start = 0
  for (let i = 0; i + size <= bytes.length; i += size) {
    const unit = unitAt(bytes, i, units)
    if (unit !== 10 && unit !== 13) continue
    yield { start, end: i }
    if (unit === 13 && i + 2 * size <= bytes.length && unitAt(bytes, i + size, units) === 10) i += size
    start = i + size
  }
  if (start < bytes.length) yield { start, end: bytes.length }
}

function firstBadLine(
  bytes: Buffer,
  units: Units,
  isOfIt: (line: Uint8Array) => boolean,
): { number: number; start: number } {
  let number = 0
  for (const { start, end } of linesOf(bytes, units)) {
    number++
    if (!isOfIt(bytes.subarray(start, end))) return { number, start }
  }
  return { number: Math.max(1, number), start: 0 }
}

/** How many lines end before an offset in the file that lies behind the end of a line. */
async function lineAt(source: Source, offset: number, units: Units): Promise<number> {
  if (offset <= units.start) return 0
  let lines = 0
  for await (const { bytes } of byteBlocks(source, units, offset)) {
    for (const _ of linesOf(bytes, units)) lines++
  }
  return lines
}
