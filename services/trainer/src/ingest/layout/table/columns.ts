import { editDistance } from './editDistance.js'

/** How many columns are looked at. */
export const maxColumns = 1000

/**
 * What columns are called, the more specific first: where a table has several of a kind, the first one here is taken,
 * and a note names the others.
 */
const pathNames = [
  'path',
  'file_path',
  'filepath',
  'image_path',
  'img_path',
  'picture_path',
  'file_name',
  'filename',
  'fname',
  'image_file',
  'image_filename',
  'image_file_name',
  'image_name',
  'img_name',
  'imagename',
  'file',
  'image',
  'img',
  'picture',
  'photo',
  'image_id',
  'img_id',
  'file_id',
  'imageid',
  'id',
]
const labelNames = [
  'label',
  'label_name',
  'class',
  'class_name',
  'classname',
  'class_label',
  'category',
  'category_name',
  'target',
  'target_name',
  'label_id',
  'class_id',
  'classid',
  'category_id',
]
const splitNames = ['split', 'set', 'part', 'subset', 'usage', 'partition', 'data_set', 'dataset']

/** For messages. */
const wantedColumns =
  "one for the file (path, file_name, filename, file, image, image_path, img or id) and one for its class (label, class, category or target); 'split' (or set, part, subset, usage) may follow"

/** Which columns hold what, as places in the header. */
export interface Columns {
  /** As found, spaces and all. */
  header: string[]
  path: number
  /** The column holds ids: names without an ending, or numbers. */
  isId: boolean
  /** Null: the table has no labels. */
  label: number | null
  /** The label's column was taken because there is no other, not by its name. */
  labelIsGuess: boolean
  split: number | null
  /** The column is called something that can have other meanings: it is one of splits only if some value is one. */
  splitIsDoubtful: boolean
  /** Columns that could have been taken as well. */
  otherPaths: number[]
  otherLabels: number[]
}

/** Why a header is not that of a table of pictures with labels. */
export interface HeaderProblem {
  message: string
  fix: string
  /** The user intended it as one: one column is there, and another nearly. */
  isIntended: boolean
}

/** `columns` are there wherever files are named; `problem` wherever their classes, or the files, are not. */
export interface Header {
  columns: Columns | null
  problem: HeaderProblem | null
}

/**
 * The names of columns in one form: `File Name`, `fileName` and `file-name` become file_name. Plurals count as well.
 */
function normalised(name: string): string {
  const plain = name
    .normalize('NFC')
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[\s.:-]+/g, '_')
  return [plain, plain.replace(/s$/, ''), plain.replace(/es$/, '')].find((form) => known.has(form)) ?? plain
}
const known = new Set([...pathNames, ...labelNames, ...splitNames])

/** What pandas and others write for the numbers of rows. */
const isRowNumber = (name: string): boolean => name === '' || name === 'index' || name.startsWith('unnamed')

/**
 * Finds the columns of a table of pictures by their names, in whatever case.
 * @param guessLabel the only other column may be taken for the labels, whatever it is called
 */
export function readHeader(header: readonly string[], { guessLabel }: { guessLabel: boolean }): Header {
  if (header.length > maxColumns) {
    return {
      columns: null,
      problem: {
        message: `it has ${header.length} columns; at most ${maxColumns} are taken`,
        fix: 'Keep the columns path, label and split.',
        isIntended: false,
      },
    }
  }
  const found = header.map((name) => name.trim())
  const names = found.map(normalised)
  const problem = (what: string, isIntended: boolean): HeaderProblem => ({
    message: `its header is ${JSON.stringify(found.join(', ').slice(0, 200))}: ${what}; wanted are ${wantedColumns}`,
    fix: "Name the columns in the first line, as in 'path,label' or 'path,label,split'.",
    isIntended,
  })
  const places = (wanted: readonly string[]) =>
    names
      .flatMap((name, place) => (wanted.includes(name) ? place : []))
      .sort((a, b) => wanted.indexOf(names[a]!) - wanted.indexOf(names[b]!))
  const [paths, labels, splits] = [places(pathNames), places(labelNames), places(splitNames)]
  for (const [first, second] of [paths, labels, splits]) {
    if (second !== undefined && names[first!] === names[second])
      return { columns: null, problem: problem(`two columns are called ${names[second]}`, true) }
  }
  const [path, named, split = null] = [paths[0], labels[0], splits[0]]
  const rest = names.flatMap((name, place) => (place === path || place === split || isRowNumber(name) ? [] : place))
  const guess =
    guessLabel && path !== undefined && rest.length === 1 && hintOf(names[rest[0]!]!, labelNames) === null
      ? rest[0]!
      : null
  const label = named ?? guess
  const columns: Columns | null =
    path === undefined
      ? null
      : {
          header: [...header],
          path,
          isId: names[path]!.endsWith('id'),
          label,
          labelIsGuess: named === undefined && label !== null,
          split,
          splitIsDoubtful: split !== null && names[split] !== 'split',
          otherPaths: paths.slice(1),
          otherLabels: labels.slice(1),
        }
  if (path !== undefined && label !== null) return { columns, problem: null }
  const hints = [path === undefined ? pathNames : [], label === null ? labelNames : []].flatMap((wanted) =>
    rest.flatMap((place) => hintOf(names[place]!, wanted) ?? []),
  )
  const what =
    path !== undefined
      ? 'no column names the classes'
      : label !== null
        ? 'no column names the files'
        : 'neither the files nor their classes have a column'
  const isIntended = hints.length > 0 && (path !== undefined || label !== null)
  return {
    columns: isIntended ? null : columns,
    problem: problem(hints.length > 0 ? `${what} (${hints.slice(0, 3).join(' ')})` : what, isIntended),
  }
}

function hintOf(name: string, wanted: readonly string[]): string | null {
  if (name.length < 4 || name.length > 40) return null
  const near = wanted.find((one) => one.length > 3 && editDistance(name, one, 2) <= (one.length > 4 ? 2 : 1))
  return near === undefined ? null : `did you mean ${near} by ${name}?`
}
