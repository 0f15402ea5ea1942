import type { Archive } from '../archive/archive.js'
import { unfit } from '../problems.js'
import { readIn } from './readIn.js'

/** The limits of a list in a text file. A refusal names the limit that the list exceeds. */
export interface ListLimits {
  maxBytes: number
  maxLines: number
}

/** Class names are numbered by 16 bits, 65,535 being none. */
export const maxClasses = 65_535
/** Of a class name in UTF-8, and of a label in a table. */
export const maxNameBytes = 200
/** Room for the most classes there may be, each with the longest name. */
export const nameList: ListLimits = { maxBytes: 16 * 2 ** 20, maxLines: maxClasses }

/**
 * The lines of a text file of an upload, trimmed, without empty ones. No more is read or held than the limits say.
 * @throws Failure DATASET_INVALID for more bytes or lines, or a file that cannot be read
 */
export async function readList(archive: Archive, index: number, { maxBytes, maxLines }: ListLimits): Promise<string[]> {
  const { path, bytes } = archive.files[index]!
  if (bytes > maxBytes)
    throw unfit({
      path,
      code: 'FILE_TOO_LARGE',
      message: `it has ${bytes} bytes; a list like this one has at most ${maxBytes}`,
      fix: 'Take the archive anew from where it was published.',
    })
  const content = await readIn(path, () => archive.read(index))
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const lines: string[] = []
  for (let start = 0; start < text.length;) {
    const next = text.indexOf(10, start)
    const end = next === -1 ? text.length : next
    const line = text.toString('utf8', start, end).trim()
    start = end + 1
    if (line === '') continue
    if (lines.length === maxLines)
      throw unfit({
        path,
        code: 'LIST_TOO_LONG',
        message: `it has more than ${maxLines} lines that are not empty, the most that are read of a list like this one`,
        fix: 'Take the archive anew from where it was published.',
      })
    lines.push(line)
  }
  return lines
}

/**
 * Names of classes as a file has them.
 *
 * @param path the file's.
 * @throws Failure DATASET_INVALID for too many, one that is too long or has control characters
 */
export function checkNames(names: readonly string[], path: string): void {
  if (names.length > maxClasses)
    throw unfit({
      path,
      code: 'TOO_MANY_CLASSES',
      message: `it names ${names.length} classes, at most ${maxClasses} can be told apart`,
      fix: 'Take fewer classes.',
    })
  const bad = names.findIndex((name) => /[\p{Cc}\p{Cs}]/u.test(name))
  if (bad >= 0)
    throw unfit({
      path,
      code: 'BAD_NAME',
      message: `the name of class ${bad} has control characters`,
      fix: 'Rename the class.',
    })
  const long = names.findIndex((name) => name.length > maxNameBytes || Buffer.byteLength(name) > maxNameBytes)
  if (long >= 0)
    throw unfit({
      path,
      code: 'NAME_TOO_LONG',
      message: `the name of class ${long} (${names[long]!.slice(0, 40)}...) has more than ${maxNameBytes} bytes`,
      fix: 'Use shorter names.',
    })
}
