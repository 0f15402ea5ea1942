import { unfit } from '../../problems.js'
import type { Columns } from './columns.js'
import { maxColumns } from './columns.js'
import type { Row } from './delimitedRows.js'
import { lineTooLong, linesOf, maxLineLength } from './openText.js'
import type { Text } from './openText.js'

const fix = 'Write each line as {"path":"img/1.png","label":"cat","split":"train"}.'

/** The object in a line; null where there is none. */
export function objectOf(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/**
 * Rows of a file with an object in each line. Only the columns that say something are looked at. Nesting is bounded by
 * the length of a line.
 * @throws Failure DATASET_INVALID for a line that is none
 */
export async function* jsonRows(
  text: Text,
  { header, path, isId, label, split }: Pick<Columns, 'header' | 'path' | 'isId' | 'label' | 'split'>,
): AsyncGenerator<Row> {
  const numbersAllowed = header.map((_, place) => place !== split && (place !== path || isId))
  const wanted = [path, label, split]
  let line = 0
  for await (const bytes of text.blocks()) {
    for (const { start, end } of linesOf(bytes)) {
      line++
      const invalid = (message: string) =>
        unfit({ path: `${text.path}:${line}`, code: 'LABELS_UNREADABLE', message, fix })
      if (end - start > maxLineLength) throw unfit({ path: `${text.path}:${line}`, ...lineTooLong })
      const content = bytes.toString('utf8', start, end).trim()
      if (content === '') continue
      const object = objectOf(content)
      if (object === null) throw invalid('the line is no object with the file, its label and perhaps its split')
      if (Object.keys(object).length > maxColumns)
        throw invalid(`the object has more than ${maxColumns} entries, the limit`)
      const cells = header.map((name, place) => {
        const value = Object.hasOwn(object, name) ? object[name] : null
        if (value === null || typeof value === 'string') return value ?? ''
        if (Number.isSafeInteger(value) && numbersAllowed[place]!) return String(value)
        if (!wanted.includes(place)) return ''
        throw invalid(
          `${JSON.stringify(name)} is ${Array.isArray(value) ? 'a list' : typeof value === 'number' ? 'a number' : `of the kind ${typeof value}`}; wanted is a text${numbersAllowed[place]! ? ' or a whole number' : ''}`,
        )
      })
      yield { cells, line }
    }
  }
}
