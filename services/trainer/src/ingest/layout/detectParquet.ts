import { Failure } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import type { PictureFiles } from '../archive/archive.js'
import { openParquet } from '../format/parquet.js'
import type { ParquetColumn, ParquetTable } from '../format/parquet.js'
import { physical } from '../format/parquet/encodings.js'
import type { Cell } from '../format/parquet/encodings.js'
import type { Leaf } from '../format/parquet/readChunk.js'
import type { Notes } from '../notes.js'
import { unfit } from '../problems.js'
import { readIn } from './readIn.js'
import type { Container } from './containers.js'
import { splitsByPath } from './splitRoles.js'
import { named, numbered } from './layoutOfRecords.js'
import type { Naming } from './layoutOfRecords.js'
import type { Item, DetectedLayout, LayoutContext } from './detectedLayout.js'
import { checkNames, maxNameBytes } from './textList.js'

interface Table {
  path: string
  split: Split
  table: ParquetTable
  image: Leaf
  label: { leaf: Leaf; names: string[] | null } | null
  /** Names of the columns that are not read. */
  rest: string[]
}

interface Row {
  path: string
  split: Split
  /** A number or a name; null where there is none. */
  label: number | string | null
  /** The value in the label's place that is no label; null if there is none. */
  odd: string | null
}

/**
 * Parquet files with a column of pictures, as on hubs: `image` (or `img`), a struct of `bytes` and `path` or bytes
 * alone, and `label` (CIFAR-100: `fine_label`, `coarse_label`), a number or a string. Pictures are brought to the
 * spool, a row group at a time.
 */
export async function detectParquet(containers: readonly Container[], context: LayoutContext): Promise<DetectedLayout> {
  const { problems, spool } = context
  checkShards(containers.map(({ path }) => path))
  const splitOf = splitsByPath(
    containers.map(({ path }) => path),
    context.notes,
  )
  const tables: Table[] = []
  for (const [i, { path, file }] of containers.entries()) {
    const table = await readIn(path, () => openParquet(file))
    const columns = columnsOf(path, table.columns, context.options.labels)
    if (columns.rest.length > 0)
      context.notes.add(
        'TABLE_READ',
        `${path}: ${columns.rest.length === 1 ? 'column' : 'columns'} not read: ${listed(columns.rest)}`,
      )
    tables.push({ path, split: splitOf[i]!, table, ...columns })
  }
  const total = tables.reduce((sum, { table }) => sum + table.rows, 0)
  if (total > context.maxImages)
    throw new Failure('DATASET_TOO_LARGE', `the upload has ${total} rows; the limit maxImages is ${context.maxImages}`)
  const files: PictureFiles['files'] = []
  const rows: Row[] = []
  const offsets: number[] = []
  const pictures = async function* () {
    let offset = 0
    for (const { path, split, table, image, label } of tables) {
      let row = 0
      for await (const [images, labels] of rowGroups(path, table, [image, ...(label ? [label.leaf] : [])])) {
        for (const [i, cell] of images!.entries()) {
          const rowPath = `${path}/${String(row++).padStart(6, '0')}`
          const bytes = bytesOf(cell)
          if (bytes === null) {
            problems.add('file', {
              path: rowPath,
              code: 'BYTES_MISSING',
              message: 'the row has no bytes of a picture',
              fix: 'Embed the pictures in the file.',
            })
            continue
          }
          files.push({ path: rowPath, bytes: bytes.length })
          rows.push({
            path: rowPath,
            split,
            ...(label ? labelOf(labels![i]!, label.leaf) : { label: null, odd: null }),
          })
          offsets.push(offset)
          offset += bytes.length
          yield bytes
        }
      }
    }
  }
  const content = await spool.write(pictures(), { from: containers.reduce((sum, { file }) => sum + file.bytes, 0) })

  for (const { path, split, table, label } of tables) {
    if (label !== null || split === 'unlabelled') continue
    throw unfit({
      path,
      code: 'LABEL_COLUMN',
      message: `none of its columns (${listed(table.columns.map(({ name }) => name))}) is called label, class, category or target`,
      fix: 'Call the column of the classes label; or give the file a name that begins with unlabelled.',
    })
  }
  const naming = namingOf(tables, rows, context.notes)
  const items = rows.flatMap(({ path, split, label, odd }, file): Item[] => {
    const found = split === 'unlabelled' ? -1 : naming(label)
    if (found !== undefined) return [{ path, file, split, label: found }]
    const message =
      odd !== null
        ? `its label is ${odd}; wanted is a whole number of at most 2^53, or a name`
        : label === null
          ? 'it has no label'
          : `its label is ${JSON.stringify(label)}, which no class has`
    problems.add('file', {
      path,
      code: label === null && odd === null ? 'LABEL_MISSING' : 'LABEL_OUT_OF_RANGE',
      message,
      fix: 'Correct the label, or give the file a name that begins with unlabelled.',
    })
    return []
  })
  return {
    layout: 'parquet',
    classes: naming.classes,
    testWasGiven: tables.some(({ split }) => split === 'test'),
    items,
    pixels: {
      kind: 'pictures',
      files: { files, read: (index, scratch) => content.read(offsets[index]!, files[index]!.bytes, scratch) },
    },
    folds: null,
  }
}

async function* rowGroups(path: string, table: ParquetTable, leaves: readonly Leaf[]): AsyncGenerator<Cell[][]> {
  const groups = table.read(leaves)
  for (;;) {
    const { value, done } = await readIn(path, () => groups.next())
    if (done) return
    yield value
  }
}

/** @throws Failure DATASET_INVALID where no column holds pictures, or there are no coarse labels */
function columnsOf(
  path: string,
  columns: readonly ParquetColumn[],
  labels: 'fine' | 'coarse',
): Pick<Table, 'image' | 'label' | 'rest'> {
  const byName = (names: readonly string[]) =>
    names.flatMap((name) => columns.find((column) => column.name === name) ?? [])
  const fieldOf = ({ fields }: ParquetColumn) => isBytes(fields.get('bytes'))
  const holding = (column: ParquetColumn, leaf: Leaf | null) => (leaf ? [{ column, leaf }] : [])
  const image = [
    ...byName(['image', 'img']).flatMap((column) => holding(column, fieldOf(column) ?? isBytes(column.leaf))),
    ...columns.flatMap((column) => holding(column, fieldOf(column))),
  ][0]
  if (!image)
    throw unfit({
      path,
      code: 'NO_IMAGE_COLUMN',
      message: `none of its columns (${listed(columns.map(({ name }) => name))}) holds pictures`,
      fix: 'Name it image: a struct of bytes and path, or bytes.',
    })
  const [label] = byName(
    labels === 'coarse' ? ['coarse_label'] : ['label', 'labels', 'fine_label', 'class', 'category', 'target'],
  )
  if (labels === 'coarse' && !label)
    throw unfit({
      path,
      code: 'NO_COARSE_LABELS',
      message: 'it has no column coarse_label',
      fix: "Leave the option 'labels' out.",
    })
  if (label && label.leaf === null)
    throw unfit({
      path,
      code: 'LABEL_COLUMN',
      message: `its column ${label.name.slice(0, 100)} holds lists or structs`,
      fix: 'Give each row one label: a number or a name.',
    })
  if (label?.leaf?.type === physical.boolean)
    throw unfit({
      path,
      code: 'LABEL_COLUMN',
      message: `its column ${label.name.slice(0, 100)} holds true and false`,
      fix: 'Write whole numbers or names.',
    })
  const rest = columns.filter((column) => column !== image.column && column !== label).map(({ name }) => name)
  return { image: image.leaf, label: label ? { leaf: label.leaf!, names: label.names } : null, rest }
}

const listed = (names: readonly string[]): string =>
  names.slice(0, 10).join(', ').slice(0, 200) + (names.length > 10 ? ', ...' : '')

/**
 * Hubs cut tables into files called train-00000-of-00004 and so on: all or none.
 *
 * @throws Failure DATASET_INVALID where some are missing
 */
function checkShards(paths: readonly string[]): void {
  const sets = new Map<string, { count: number; path: string; numbers: Set<number> }>()
  for (const path of paths) {
    const [, before = '', number, count, after = ''] = /^(.*)-(\d{5})-of-(\d{5})(.*)$/.exec(path) ?? []
    if (number === undefined) continue
    const key = JSON.stringify([before, count, after])
    const set = sets.get(key) ?? { count: Number(count), path, numbers: new Set<number>() }
    sets.set(key, set)
    set.numbers.add(Number(number))
  }
  for (const { count, path, numbers } of sets.values()) {
    if (numbers.size >= count) continue
    const missing = Array.from({ length: Math.min(count, 1000) }, (_, i) => i)
      .filter((number) => !numbers.has(number))
      .slice(0, 5)
    throw unfit({
      path,
      code: 'SHARD_MISSING',
      message: `its name says that it is one of ${count} files, of which ${count - numbers.size} are missing (${missing.join(', ')}${count - numbers.size > missing.length ? ', ...' : ''})`,
      fix: 'Add them; or rename the files, if they are all that there is.',
    })
  }
}

/** The leaf, if it holds bytes that are no text. */
const isBytes = (leaf: Leaf | null | undefined): Leaf | null =>
  leaf && leaf.type === physical.bytes && !leaf.isText ? leaf : null

const bytesOf = (cell: Cell): Uint8Array | null => (cell instanceof Uint8Array && cell.length > 0 ? cell : null)

/** Hubs write -1 where there is no label. */
function labelOf(cell: Cell, { isText }: Leaf): Pick<Row, 'label' | 'odd'> {
  const label = isText && cell instanceof Uint8Array ? textOf(cell) : cell
  if (label === null || label === '' || label === -1) return { label: null, odd: null }
  if (typeof label === 'string' || Number.isSafeInteger(label)) return { label: label as string | number, odd: null }
  return { label: null, odd: typeof label === 'object' ? `${label.length} bytes` : String(label) }
}

/** A name that is too long is cut, but stays too long, so that the check of class names refuses it later. */
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4 * maxNameBytes)).toString('utf8')

/**
 * The class of a label: by the names in the files' metadata, which must agree; else strings are names, and numbers are.
 */
function namingOf(
  tables: readonly Table[],
  rows: readonly Row[],
  notes: Notes,
): { (label: Row['label']): number | undefined; classes: string[] } {
  const given = tables.flatMap(({ path, label }) => (label?.names ? { path, names: label.names } : []))
  const [first] = given
  const differing = given.find(
    ({ names }) => names.length !== first!.names.length || names.some((name, i) => name !== first!.names[i]),
  )
  if (differing)
    throw unfit({
      path: differing.path,
      code: 'NAMES_DIFFER',
      message: `its class names are not those of ${first!.path}`,
      fix: 'Give all files the same classes.',
    })
  const strings = new Set<string>()
  const numbers = new Set<number>()
  for (const { split, label } of rows) {
    if (split === 'unlabelled') continue
    if (typeof label === 'string') strings.add(label)
    else if (label !== null) numbers.add(label)
  }
  const byNumber: Naming = first ? named(first.names, notes) : numbered(numbers)
  const classes = strings.size > 0 ? [...strings].sort() : byNumber.classes
  checkNames(classes, first?.path ?? tables[0]!.path)
  const byString = new Map(classes.map((name, label) => [name, label]))
  const find = (label: Row['label']) =>
    typeof label === 'string'
      ? byString.get(label)
      : typeof label === 'number' && strings.size === 0
        ? byNumber.labelOf(label)
        : undefined
  return Object.assign(find, { classes })
}
