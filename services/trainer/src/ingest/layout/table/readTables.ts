import type { Issue } from '@imclr/contract'
import { unfit } from '../../problems.js'
import type { LayoutContext } from '../detectedLayout.js'
import { delimitedRows, separators } from './delimitedRows.js'
import type { Row, Separator } from './delimitedRows.js'
import type { Table } from './findTables.js'
import { jsonRows } from './jsonRows.js'
import type { Match, PathMatcher } from './matchPath.js'
import { openText } from './openText.js'
import { RowsByFile } from './rowsByFile.js'

const maxLabelBytes = 200
/** How many more rows than images a table may have: some rows are blank, doubled, or for files that are gone. */
const spareRows = 10_000
/** Of one table; what rows of some length need, within what a file that is read at all may have. */
const maxTableBytes = (maxImages: number): number => Math.min(200 * 2 ** 20, 16 * 2 ** 20 + 256 * maxImages)
/** Reading of a table stops after this many problems: they have shown the cause by then. */
const maxProblems = 1000
/** Rows whose other columns of paths are looked at as well. */
const maxCompared = 1000
/** If a smaller share of the rows finds its file, the paths as a whole are wrong. */
const sharedCause = 0.1

/** What the rows of all tables say, by file. */
export interface Reading {
  rowsByFile: RowsByFile
  /** Rows whose file is there, and rows whose file is not. */
  matched: number
  missing: number
}

type Context = Pick<LayoutContext, 'archive' | 'options' | 'problems' | 'notes' | 'maxImages'>

/**
 * Reads every row of the tables and finds its file; rows that cannot be used become problems of their line.
 * @throws Failure DATASET_INVALID where a table cannot be read to its end, or its paths are not those of the archive
 */
export async function readTables(tables: readonly Table[], context: Context, matcher: PathMatcher): Promise<Reading> {
  const { archive, maxImages } = context
  const reading: Reading = { rowsByFile: new RowsByFile(archive.files.length), matched: 0, missing: 0 }
  let rows = 0
  for (const [number, table] of tables.entries()) {
    const limit = maxTableBytes(maxImages)
    if (table.file.bytes > limit)
      throw unfit({
        path: table.path,
        code: 'TABLE_TOO_LARGE',
        message: `it has ${table.file.bytes} bytes; a table may have ${limit}`,
        fix: 'Keep the columns path, label and split, and a row for each picture of the archive.',
      })
    const reader = new TableReader({ tables, number, context, matcher, reading })
    const text = await openText(table, context.options.encoding)
    if (text.wasGiven) context.notes.add('ENCODING', `${table.path}: ${text.encoding}`)
    else if (text.encoding !== 'utf-8')
      context.notes.add('TABLE_READ', `${table.path}: ${text.encoding}, by its first bytes`)
    for await (const row of table.dialect.kind === 'json'
      ? jsonRows(text, table.columns)
      : delimitedRows(text, table.dialect)) {
      if (++rows > maxImages + spareRows) {
        throw unfit({
          path: `${table.path}:${row.line}`,
          code: 'TABLE_TOO_LONG',
          message: `there are more than ${maxImages + spareRows} rows, ${spareRows} more than the limit maxImages`,
          fix: 'Keep one row for each picture of the archive.',
        })
      }
      reader.take(row)
      if (rows % 10_000 === 0) await new Promise(setImmediate) // signals get their turn
    }
    reader.end()
  }
  return reading
}

class TableReader {
  readonly #tables: readonly Table[]
  readonly #table: Table
  readonly #number: number
  readonly #context: Context
  readonly #matcher: PathMatcher
  readonly #reading: Reading
  readonly #told: Issue[] = []
  #problems = 0
  #rows = 0
  #matched = 0
  #missing = 0
  #firstMissing: { path: string; line: number } | null = null
  /** Values of other columns of labels that differ from the label, and where. */
  readonly #otherLabels = new Map<string, { line: number; label: string; column: string }>()

  constructor({
    tables,
    number,
    context,
    matcher,
    reading,
  }: {
    tables: readonly Table[]
    number: number
    context: Context
    matcher: PathMatcher
    reading: Reading
  }) {
    this.#tables = tables
    this.#table = tables[number]!
    this.#number = number
    this.#context = context
    this.#matcher = matcher
    this.#reading = reading
  }

  take({ cells, line }: Row): void {
    const { columns, folder } = this.#table
    const { header } = columns
    const { rowsByFile } = this.#reading
    this.#rows++
    const raw = (cells[columns.path] ?? '').trim()
    const match = raw === '' ? null : this.#matcher.match(raw, folder, this.#problems < maxProblems)
    const extra = cells.length > header.length && cells.slice(header.length).some((cell) => cell.trim() !== '')
    if (cells.length < header.length || extra) return this.#complainOfLength({ cells, line }, match)
    if (match === null)
      return this.#complain(line, {
        code: 'PATH_MISSING',
        message: 'the row names no file',
        fix: 'Give a path, or remove the row.',
      })
    const shown = raw.slice(0, 200)
    if (match.kind === 'ambiguous') {
      const [first, second] = match.files
      for (const file of match.files) rowsByFile.see(file)
      return this.#complain(line, {
        code: 'AMBIGUOUS_PATH',
        message: `${shown} can be ${this.#pathOf(first)} or ${this.#pathOf(second)}`,
        fix: 'Write more of the path, as it is in the archive.',
      })
    }
    if (match.kind === 'missing') {
      this.#missing++
      this.#firstMissing ??= { path: shown, line }
      if (match.near !== null) rowsByFile.see(match.near)
      const hint = match.near === null ? '' : `; did you mean ${this.#pathOf(match.near)}?`
      return this.#complain(line, {
        code: 'FILE_MISSING',
        message: `${shown} is not in the archive${hint}`,
        fix:
          match.near === null
            ? 'Add the file, or remove the row.'
            : 'Correct the path, add the file, or remove the row.',
      })
    }
    this.#matched++
    const { file, isAssumed } = match
    if (isAssumed) this.#context.notes.add('TABLE_PATHS', `${shown} -> ${this.#pathOf(file)}`)
    const cell = columns.label === null ? '' : cells[columns.label]!
    const written = cell.trim()
    if (written !== cell) this.#context.notes.add('LABEL_TRIMMED', `${this.#table.path}:${line}: ${written}`)
    const label = written.normalize('NFC')
    if (label !== written) this.#context.notes.add('RENAMED_UNICODE', `${this.#table.path}:${line}: ${label}`)
    const split = columns.split === null ? '' : cells[columns.split]!.trim()
    const before = rowsByFile.rowOf(file)
    if (before !== null) {
      const where =
        before.table === this.#number ? `line ${before.line}` : `${this.#tables[before.table]!.path}:${before.line}`
      const message =
        before.label === label
          ? `${this.#pathOf(file)} was named by ${where} already`
          : `${this.#pathOf(file)} has the label ${quoted(label)} here and ${quoted(before.label)} in ${where}`
      return this.#complain(line, { code: 'ROW_TWICE', message, fix: 'Keep one row for each file.' })
    }
    rowsByFile.see(file)
    if (Buffer.byteLength(label) > maxLabelBytes)
      return this.#complain(line, {
        code: 'LABEL_TOO_LONG',
        message: `the label of ${this.#pathOf(file)} has more than ${maxLabelBytes} bytes`,
        fix: 'Use a shorter name.',
      })
    rowsByFile.put(file, { table: this.#number, line, label, split })
    this.#compare({ cells, line }, { file, label })
  }

  /** @throws Failure DATASET_INVALID where the table says two things, or nothing of this archive */
  end(): void {
    const { columns, path } = this.#table
    this.#judgePaths()
    for (const [value, { line, label, column }] of this.#otherLabels) {
      if (!this.#reading.rowsByFile.isLabel(value)) continue
      throw unfit({
        path: `${path}:${line}`,
        code: 'COLUMNS_CONTRADICT',
        message: `it has ${quoted(label)} in the column ${columns.header[columns.label!]!.trim()} and ${quoted(value)} in the column ${column}`,
        fix: 'Remove or rename the column that does not hold the labels.',
      })
    }
    for (const issue of this.#told) this.#context.problems.add('file', issue)
    this.#reading.matched += this.#matched
    this.#reading.missing += this.#missing
  }

  #complainOfLength({ cells, line }: Row, match: Match | null): void {
    const { columns, dialect, folder } = this.#table
    const wanted = columns.header.length
    const own = dialect.kind === 'separated' ? dialect.separator : ','
    const other =
      cells.length === 1
        ? (Object.keys(separators) as Separator[]).find(
            (separator) => separator !== own && cells[0]!.includes(separator),
          )
        : undefined
    // The row's file now counts as named: a second problem about it would only be a consequence.
    const meant =
      other === undefined ? match : this.#matcher.match((cells[0]!.split(other)[columns.path] ?? '').trim(), folder)
    if (meant?.kind === 'found') this.#reading.rowsByFile.see(meant.file)
    const hint = other === undefined ? '' : `: it has ${separators[other]} where the header has ${separators[own]}`
    this.#complain(line, {
      code: 'ROW_LENGTH',
      message: `the row has ${fields(cells.length)}, the header has ${wanted}${hint}`,
      fix: `Give each row ${fields(wanted)}; put quotes around a field that holds ${separators[own]}.`,
    })
  }

  #complain(line: number, wrong: Omit<Issue, 'path'>): void {
    const issue = { path: `${this.#table.path}:${line}`, ...wrong }
    this.#problems++
    if (this.#problems > maxProblems) return this.#context.problems.add('file', issue)
    this.#told.push(issue)
    if (this.#problems < maxProblems || this.#context.options.onProblem === 'skip') return
    this.#judgePaths()
    throw unfit(
      {
        path: issue.path,
        code: 'TOO_MANY_PROBLEMS',
        message: `reading stopped here: ${maxProblems} rows of ${this.#rows} cannot be used, the limit for one table`,
        fix: "Mend what the first of them name, or leave such rows out with the option { onProblem: 'skip' }.",
      },
      ...this.#told.slice(0, -1),
    )
  }

  /** @throws Failure DATASET_INVALID where (nearly) no path is that of a file: then there is one cause */
  #judgePaths(): void {
    const { path, columns } = this.#table
    const all = this.#matched + this.#missing
    if (this.#firstMissing === null || this.#matched > sharedCause * all) return
    const { files } = this.#context.archive
    const example = files[this.#matcher.somePicture]?.path
    const others = columns.otherPaths.map((place) => columns.header[place]!.trim())
    throw unfit({
      path: `${path}:${this.#firstMissing.line}`,
      code: 'PATHS_DO_NOT_MATCH',
      message: `${this.#matched === 0 ? 'none' : `only ${this.#matched}`} of ${all} paths ${this.#matched === 1 ? 'is that of a file' : 'are those of files'} in the archive: the column ${columns.header[columns.path]!.trim()} says ${quoted(this.#firstMissing.path)}, ${example === undefined ? 'and the archive has no pictures' : `the archive has ${quoted(example)}`}; the header is ${quoted(
        columns.header
          .map((name) => name.trim())
          .join(', ')
          .slice(0, 200),
      )}`,
      fix: `Write the paths as they are in the archive, relative to the table${others.length > 0 ? `; or rename the column that holds them to path (there is also ${others.join(', ')})` : ''}. Or pack the pictures as well, or remove the table if it is about something else.`,
    })
  }

  /** Other columns that could have been meant must not say something else. */
  #compare({ cells, line }: Row, { file, label }: { file: number; label: string }): void {
    const { columns, folder, path } = this.#table
    for (const place of columns.otherLabels) {
      const value = cells[place]!.trim().normalize('NFC')
      if (
        value !== '' &&
        value !== label &&
        label !== '' &&
        this.#otherLabels.size < maxCompared &&
        !this.#otherLabels.has(value)
      )
        this.#otherLabels.set(value, { line, label, column: columns.header[place]!.trim() })
    }
    if (this.#rows > maxCompared) return
    for (const place of columns.otherPaths) {
      const name = columns.header[place]!.trim()
      const other = /id$/i.test(name) ? null : this.#matcher.match(cells[place]!.trim(), folder)
      if (other?.kind !== 'found' || other.file === file) continue
      throw unfit({
        path: `${path}:${line}`,
        code: 'COLUMNS_CONTRADICT',
        message: `the column ${columns.header[columns.path]!.trim()} names ${this.#pathOf(file)}, the column ${name} ${this.#pathOf(other.file)}`,
        fix: 'Remove or rename the column that does not hold the paths.',
      })
    }
  }

  #pathOf(file: number): string {
    return this.#context.archive.files[file]!.path
  }
}

const fields = (count: number): string => (count === 1 ? '1 field' : `${count} fields`)
const quoted = (text: string): string => JSON.stringify(text.slice(0, 200))
