import { Readable } from 'node:stream'
import { Failure } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { unfit } from '../problems.js'
import { isTable, reserved, wrappingFolder } from './root.js'
import type { Survey, SurveyContext } from './survey.js'

const maxLabelBytes = 200

interface Row {
  path?: string
  label?: string
  split?: string
}

/**
 * The layouts of a table beside the pictures: `labels.csv`, `path,label[,split]` with a header, or JSON lines (`<name>.jsonl`), an
 * object with `path`, `label` and perhaps `split` each. Paths are relative to the table's own folder; split is train, test or
 * unlabelled (without a label), or train where it is empty. Where no row says test, the test part is cut later. Null where there is no table.
 *
 * @throws Failure DATASET_INVALID when the file is no such table, or there are several
 */
export async function surveyTable({ archive, problems }: Pick<SurveyContext, 'archive' | 'problems'>): Promise<Survey | null> {
  const root = wrappingFolder(archive.files.map(({ path }) => path), archive.folders)
  const tables = archive.files.flatMap(({ path }, file) => (isTable(path, root) ? { path, file } : []))
  const [table, second] = tables
  if (table === undefined) return null
  if (second !== undefined) throw unfit({ path: second.path, code: 'TABLE_TWICE', message: `it is a table, and so is ${table.path}`, fix: 'Put all rows into one.' })

  const fileOf = new Map(archive.files.map(({ path }, file) => [path, file]))
  fileOf.delete(table.path)
  const taken = new Set<string>()
  const named: { path: string; file: number; part: Split; label: string }[] = []
  const rows = table.path.endsWith('.csv') ? csvRows : jsonRows
  for await (const { row, line } of rows(await archive.read(table.file), table.path)) {
    const complain = (code: string, message: string, fix: string) => problems.add('file', { path: `${table.path}:${line}`, code, message, fix })
    const path = row.path?.trim().replace(/^(\.\/)+/, '') ?? ''
    const label = row.label?.trim() ?? ''
    const split = row.split?.trim() ?? ''
    const part: Split | null = split === '' ? 'train' : reserved(split)
    const file = fileOf.get(root + path)
    if (path === '') complain('PATH_MISSING', 'the row names no file', 'Give a path, or remove the row.')
    else if (taken.has(path)) complain('ROW_TWICE', `${path} was named by an earlier row`, 'Keep one row for each file.')
    else if (file === undefined) complain('FILE_MISSING', `${path} is not in the archive`, 'Add the file, or remove the row.')
    else if (part === null) complain('UNKNOWN_SPLIT', `the split ${JSON.stringify(split.slice(0, 40))} is unknown`, 'Write train, test or unlabelled, or leave it empty.')
    else if (label === '' && part !== 'unlabelled') complain('LABEL_MISSING', `${path} has no label`, "Give a label, or write unlabelled in the column 'split'.")
    else if (Buffer.byteLength(label) > maxLabelBytes) complain('LABEL_TOO_LONG', `the label of ${path} has more than ${maxLabelBytes} bytes`, 'Use a shorter name.')
    else named.push({ path: root + path, file, part, label: part === 'unlabelled' ? '' : label })
    if (fileOf.delete(root + path)) taken.add(path)
  }
  for (const path of fileOf.keys()) {
    problems.add('file', { path, code: 'NOT_IN_TABLE', message: `${table.path.slice(root.length)} does not name it`, fix: 'Add a row for it, or remove it.' })
  }

  const testWasGiven = named.some(({ part }) => part === 'test')
  const classes = [...new Set(named.flatMap(({ part, label }) => (part === 'unlabelled' ? [] : label)))].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const items = named.map(({ path, file, part, label }) => ({
    path,
    file,
    part,
    label: part === 'unlabelled' ? -1 : labels.get(label)!,
  }))
  const layout = table.path.endsWith('.csv') ? 'labels.csv' : 'json-lines'
  return { layout, classes, testWasGiven, items, pixels: { kind: 'pictures', files: archive }, folds: null }
}

type Rows = AsyncGenerator<{ row: Row; line: number }>

/** Numbers are names as well; null is as good as nothing. */
const jsonRow = z.object({
  path: z.string(),
  label: z.union([z.string(), z.int().transform(String)]).nullish().transform((label) => label ?? undefined),
  split: z.string().nullish().transform((split) => split ?? undefined),
})

async function* jsonRows(bytes: Uint8Array, path: string): Rows {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let start = 0, line = 1; start < content.length; line++) {
    const next = content.indexOf(10, start)
    const end = next === -1 ? content.length : next
    const text = content.toString('utf8', start, end).replace(/^\ufeff/, '').trim()
    start = end + 1
    if (text === '') continue
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      value = null
    }
    const row = jsonRow.safeParse(value)
    if (!row.success) throw unfit({ path: `${path}:${line}`, code: 'LABELS_UNREADABLE', message: 'the line is no object with path, label and perhaps split', fix: 'Write each line as {"path":"img/1.png","label":"cat","split":"train"}.' })
    yield { row: row.data, line }
    if (line % 10_000 === 0) await new Promise(setImmediate) // signals get their turn
  }
}

async function* csvRows(bytes: Uint8Array, path: string): Rows {
  const invalid = (message: string, fix: string) => unfit({ path, code: 'LABELS_UNREADABLE', message, fix })
  const columns = (header: string[]) => {
    const names = header.map((name) => name.trim().toLowerCase())
    const missing = ['path', 'label'].filter((name) => !names.includes(name))
    if (missing.length > 0) throw invalid(`the header lacks ${missing.join(' and ')}`, "Begin with the line 'path,label' or 'path,label,split'.")
    return names
  }
  const table = Readable.from([bytes]).pipe(parse({ bom: true, columns, info: true, skip_empty_lines: true, relax_column_count: true, max_record_size: 65_536 }))
  try {
    for await (const { record, info } of table as AsyncIterable<{ record: Row; info: { lines: number } }>) yield { row: record, line: info.lines }
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error) || !('code' in error)) throw error
    throw invalid(`it is no table of comma-separated values (${error.message})`, 'Write it as UTF-8 with commas; quote fields that hold commas or quotes.')
  }
}
