import { Readable } from 'node:stream'
import { Failure } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import { parse } from 'csv-parse'
import type { Archive } from '../archive/archive.js'
import type { Problems } from '../problems.js'
import { reserved, wrappingFolder } from './root.js'
import type { Survey } from './survey.js'

const maxLabelBytes = 200

interface Row {
  path?: string
  label?: string
  split?: string
}

/**
 * The layout of `labels.csv`: `path,label[,split]` with a header, paths relative to its own folder, split being train, test or
 * unlabelled (without a label), or train where it is empty. Where no row says test, the test part is cut later. Null where there is no labels.csv.
 *
 * @throws Failure DATASET_INVALID when the file is no such table
 */
export async function surveyLabels(archive: Archive, problems: Problems): Promise<Survey | null> {
  const root = wrappingFolder(archive.files.map(({ path }) => path), archive.folders)
  const table = archive.files.findIndex(({ path }) => path === `${root}labels.csv`)
  if (table === -1) return null

  const fileOf = new Map(archive.files.map(({ path }, file) => [path, file]))
  fileOf.delete(`${root}labels.csv`)
  const taken = new Set<string>()
  const named: { path: string; file: number; part: Split; label: string }[] = []
  for await (const { row, line } of rowsOf(await archive.read(table), `${root}labels.csv`)) {
    const complain = (code: string, message: string, fix: string) => problems.add('file', { path: `${root}labels.csv:${line}`, code, message, fix })
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
    problems.add('file', { path, code: 'NOT_IN_TABLE', message: 'labels.csv does not name it', fix: 'Add a row for it, or remove it.' })
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
  return { layout: 'labels.csv', classes, testWasGiven, items, cifar: null }
}

async function* rowsOf(bytes: Uint8Array, path: string): AsyncGenerator<{ row: Row; line: number }> {
  const invalid = (message: string, fix: string) => new Failure('DATASET_INVALID', `${path}: ${message}`, { issues: [{ path, code: 'LABELS_UNREADABLE', message, fix }] })
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
