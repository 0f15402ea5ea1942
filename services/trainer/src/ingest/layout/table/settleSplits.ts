import type { Split } from '@imclr/contract'
import { roleOf, settleRoles } from '../splitRoles.js'
import type { Item, LayoutContext } from '../detectedLayout.js'
import type { Table } from './findTables.js'
import type { RowsByFile } from './rowsByFile.js'

interface Settled {
  items: Item[]
  classes: string[]
  testWasGiven: boolean
}

/** A file that a row names, with what the row says. */
interface Named {
  file: number
  path: string
  table: number
  line: number
  label: string
  split: Split
}

const words = 'train, test, validation (or val) or unlabelled'

/**
 * Gives every named file its split. The row decides; if it names no split, the table's name; if no table does, the
 * file's folders; else it is train. If none of a table's test rows has a label, they are unlabelled.
 */
export function settleSplits(
  tables: readonly Table[],
  rowsByFile: RowsByFile,
  { archive, problems, notes, options }: Pick<LayoutContext, 'archive' | 'problems' | 'notes' | 'options'>,
): Settled {
  const sayingSplit = columnsThatSay(tables, rowsByFile, archive.files.length)
  for (const [number, { path, columns }] of tables.entries()) {
    if (columns.split !== null && !sayingSplit[number])
      notes.add(
        'TABLE_READ',
        `${path}: the column ${columns.header[columns.split]!.trim()} names no splits and was not read`,
      )
  }
  const byFolder =
    tables.some(({ role }, number) => role !== null || sayingSplit[number]) || options.folders === 'classes'
      ? null
      : splitFolders(
          archive.files.map(({ path }) => path),
          rowsByFile,
        )
  for (const [folder, { role, count }] of byFolder ?? [])
    notes.add('TAKEN_FOR_SPLIT', `${folder} (${role}, for ${count} rows of ${tables[0]!.path})`, 1)

  const named: Named[] = []
  for (const [file, { path }] of archive.files.entries()) {
    const row = rowsByFile.rowOf(file)
    if (row === null) continue
    const table = tables[row.table]!
    const complain = (code: string, message: string, fix: string) =>
      problems.add('file', { path: `${table.path}:${row.line}`, code, message, fix })
    const word = sayingSplit[row.table] ? row.split : ''
    const said = word === '' ? null : roleOf(word)
    if (word !== '' && said === null)
      complain(
        'UNKNOWN_SPLIT',
        `the split ${JSON.stringify(word.slice(0, 40))} is unknown`,
        `Write ${words}, or leave it empty.`,
      )
    else if (said !== null && table.role !== null && table.role !== 'train' && said !== table.role)
      complain(
        'SPLITS_CONTRADICT',
        `the row says ${said}, the table is called after ${table.role}`,
        'Move the row, or rename the table.',
      )
    else
      named.push({
        file,
        path,
        table: row.table,
        line: row.line,
        label: row.label,
        split: said ?? table.role ?? byFolder?.get(folderOf(path))?.role ?? 'train',
      })
  }
  return labelsOf(named, { tables, problems, notes })
}

function labelsOf(
  named: Named[],
  {
    tables,
    problems,
    notes,
  }: { tables: readonly Table[]; problems: LayoutContext['problems']; notes: LayoutContext['notes'] },
): Settled {
  const isUnlabelledTest = tables.map((_, number) => {
    const test = named.filter(({ table, split }) => table === number && split === 'test')
    return test.length > 0 && test.every(({ label }) => label === '')
  })
  for (const row of named) {
    if (row.split !== 'test' || !isUnlabelledTest[row.table]) continue
    row.split = 'unlabelled'
    notes.add('TEST_PART_UNLABELLED', row.path)
  }
  const usable = named.filter(({ split, label, path, table, line }) => {
    if (split === 'unlabelled' || label !== '') return true
    problems.add('file', {
      path: `${tables[table]!.path}:${line}`,
      code: 'LABEL_MISSING',
      message: `${path} has no label`,
      fix: "Give a label, or write unlabelled in the column 'split'.",
    })
    return false
  })
  const parts = [...new Set(usable.map(({ split }) => split))]
  const counts = parts.map((split) => usable.filter((row) => row.split === split).length)
  const settled = settleRoles(parts, { names: parts.map((split, i) => `${split} (${counts[i]} rows)`), notes })
  const partOf = new Map(parts.map((split, i) => [split, settled[i]!]))
  const classes = [...new Set(usable.flatMap(({ split, label }) => (split === 'unlabelled' ? [] : label)))].sort()
  const numbers = new Map(classes.map((name, label) => [name, label]))
  const items = usable.map(({ path, file, split, label }): Item => ({
    path,
    file,
    split: partOf.get(split)!,
    label: split === 'unlabelled' ? -1 : numbers.get(label)!,
  }))
  return { items, classes, testWasGiven: settled.includes('test') }
}

/**
 * Tells for each table whether its column of splits names splits. A column called set or part may be about something
 * else.
 */
function columnsThatSay(tables: readonly Table[], rowsByFile: RowsByFile, files: number): boolean[] {
  const saying = tables.map(({ columns }) => columns.split !== null && !columns.splitIsDoubtful)
  if (tables.some(({ columns }) => columns.splitIsDoubtful)) {
    for (let file = 0; file < files; file++) {
      const row = rowsByFile.rowOf(file)
      if (row !== null && !saying[row.table] && roleOf(row.split) !== null) saying[row.table] = true
    }
  }
  return saying
}

/**
 * The folders of named files that are called after splits; null unless they name train and at least one other split.
 */
function splitFolders(
  paths: readonly string[],
  rowsByFile: RowsByFile,
): Map<string, { role: Split; count: number }> | null {
  const found = new Map<string, { role: Split; count: number }>()
  for (const [file, path] of paths.entries()) {
    if (rowsByFile.rowOf(file) === null) continue
    const folder = folderOf(path)
    const known = found.get(folder)
    if (known !== undefined) known.count++
    else if (folder !== '') found.set(folder, { role: roleOf(folder.split('/').at(-1)!)!, count: 1 })
  }
  const roles = new Set([...found.values()].map(({ role }) => role))
  return roles.size > 1 && roles.has('train') ? found : null
}

/** The outermost folder of the path that is called after a split, with what is around it; '' where none is. */
function folderOf(path: string): string {
  const folders = path.split('/').slice(0, -1)
  const at = folders.findIndex((folder) => roleOf(folder) !== null)
  return at === -1 ? '' : folders.slice(0, at + 1).join('/')
}
