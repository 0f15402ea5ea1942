import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, parse } from 'csv-parse'
import { parse as parseAtOnce } from 'csv-parse/sync'
import { unfit } from '../../problems.js'
import { maxColumns } from './columns.js'
import { lineTooLong, maxLineLength } from './openText.js'
import type { Text } from './openText.js'

/** One row of a table, from any kind of file. */
export interface Row {
  /** In the order of the header. */
  cells: readonly string[]
  line: number
}

export const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' } as const
export type Separator = keyof typeof separators

const dialect = { relax_column_count: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n', '\r'] }

/** The fields of one line; null where its quotes are wrong. */
export function fieldsOf(line: string, delimiter: Separator): string[] | null {
  try {
    return parseAtOnce(line, { ...dialect, delimiter })[0] ?? []
  } catch {
    return null
  }
}

/**
 * Rows of a table with separators, the header and what is before it left out.
 *
 * @throws Failure DATASET_INVALID where its quotes do not fit together
 */
export async function* delimitedRows(
  text: Text,
  { separator, headerLine }: { separator: Separator; headerLine: number },
): AsyncGenerator<Row> {
  const parser = parse({ ...dialect, delimiter: separator, info: true, max_record_size: maxLineLength })
  const fed = pipeline(Readable.from(text.blocks()), parser).catch(() => undefined) // the reader below is told as well
  try {
    for await (const { record: cells, info } of parser as AsyncIterable<{
      record: string[]
      info: { lines: number }
    }>) {
      if (cells.length > maxColumns)
        throw unfit({
          path: `${text.path}:${info.lines}`,
          code: 'ROW_LENGTH',
          message: `the row has ${cells.length} fields; at most ${maxColumns} are taken`,
          fix: 'Keep the columns path, label and split.',
        })
      if (info.lines > headerLine) yield { cells, line: info.lines }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = (error as { lines?: number }).lines ?? 1
    if (error.code === 'CSV_MAX_RECORD_SIZE') throw unfit({ path: `${text.path}:${line}`, ...lineTooLong })
    const what =
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'a quote is opened and never closed'
        : error.code === 'INVALID_OPENING_QUOTE'
          ? 'a quote stands inside of a field that does not begin with one'
          : error.message
    throw unfit({
      path: text.path,
      code: 'LABELS_UNREADABLE',
      message: `its rows cannot be told apart: ${what} (line ${line})`,
      fix: `Put quotes around fields that hold ${separators[separator]}, quotes or line ends, and write a quote inside of them twice.`,
    })
  } finally {
    parser.destroy()
    await fed
  }
}
