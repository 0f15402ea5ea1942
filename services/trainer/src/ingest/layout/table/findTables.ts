import type { Issue, Split } from '@imclr/contract'
import type { OpenFile } from '../../archive/archive.js'
import { unfit } from '../../problems.js'
import { readIn } from '../readIn.js'
import { roleOf } from '../splitRoles.js'
import type { LayoutContext } from '../detectedLayout.js'
import { readHeader } from './columns.js'
import type { Columns, HeaderProblem } from './columns.js'
import { fieldsOf, separators } from './delimitedRows.js'
import type { Separator } from './delimitedRows.js'
import { objectOf } from './jsonRows.js'
import type { PathMatcher } from './matchPath.js'
import { headOf, maxLineLength } from './openText.js'
import { sharedFolder } from './pictureNames.js'

/** How rows lie in a table. */
type Dialect = { kind: 'json' } | { kind: 'separated'; separator: Separator; headerLine: number }

export interface Table {
  path: string
  /** With its slash; paths in the table may begin there. */
  folder: string
  file: OpenFile
  dialect: Dialect
  columns: Columns
  /** The split that its own name, or its folder's, names. */
  role: Split | null
}

interface Candidate {
  path: string
  index: number
  role: Split | null
  /** The folder that it speaks for: its own, or the one around where that is called after a split. */
  scope: string
  /** 0: called as tables of labels are, or after a split; 1: called anything; 2: a text that may be something else. */
  rank: 0 | 1 | 2
}

/** How many tables are looked at, those nearest the top first. */
const maxCandidates = 64

const tableEnding = /\.(csv|tsv|jsonl|ndjson|txt)$/i
const usualName = /^(labels?|metadata|annotations?|manifest)$/i

/**
 * Finds the table, or the tables of the parts, that say which picture is of which class: by their endings and headers.
 * Null where there is none and folders may say it. A table whose header is not understood is told of only where there
 * are no folders of classes.
 *
 * @param classFolders names of the folders that would be classes otherwise
 * @throws Failure DATASET_INVALID LABELS_UNREADABLE, or TABLE_TWICE where two say the same
 */
export async function findTables(
  { archive, options }: Pick<LayoutContext, 'archive' | 'options'>,
  {
    classFolders,
    pictures,
    matcher,
  }: { classFolders: readonly string[]; pictures: readonly string[]; matcher: PathMatcher },
): Promise<Table[] | null> {
  const { length: sharedDepth } = sharedFolder(archive.files.map(({ path }) => path)).split('/')
  const candidates = archive.files
    .flatMap(({ path, bytes }, index) => (bytes > 0 ? candidateOf(path, index, sharedDepth - 1) : []))
    .sort((a, b) => depthOf(a.path) - depthOf(b.path) || a.rank - b.rank || (a.path < b.path ? -1 : 1))
  const labelled: (Candidate & Table)[] = []
  const unlabelled: (Candidate & Table)[] = []
  const unread: { candidate: Candidate; issue: Issue; isIntended: boolean }[] = []
  for (const candidate of candidates.slice(0, maxCandidates)) {
    const { path, index, role } = candidate
    const file = await readIn(path, () => archive.open(index))
    const head = await readIn(path, () => file.read(0, Math.min(file.bytes, 2 * maxLineLength)))
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const { dialect, columns, problem } = lookAt(headOf(head, options.encoding), {
      path,
      folder,
      guessLabel: classFolders.length < 2,
      matcher,
    })
    const table = columns === null ? null : { ...candidate, folder, file, dialect, columns }
    if (table !== null && problem === null) labelled.push(table)
    else if (table !== null && (role === 'test' || role === 'unlabelled')) unlabelled.push(table)
    else
      unread.push({
        candidate,
        issue: { path, code: 'LABELS_UNREADABLE', message: problem!.message, fix: problem!.fix },
        isIntended: problem!.isIntended || (table !== null && role === 'validation'),
      })
  }
  const hasFolders = classFolders.length > 1
  // Beside folders of classes a table speaks for all pictures or lies apart from them; one within a class folder is
  // something of that class's own.
  const fitting = ({ scope }: Candidate) =>
    !hasFolders || pictures.every((path) => path.startsWith(scope)) || !pictures.some((path) => path.startsWith(scope))
  const usable = labelled.filter(fitting)
  const top = Math.min(...usable.map(({ scope }) => depthOf(scope)))
  const nearest = usable.filter(({ scope }) => depthOf(scope) === top)
  const [first] = nearest
  const meant = unread.filter(
    ({ candidate, isIntended }) =>
      isIntended &&
      (first === undefined ? fitting(candidate) : candidate.scope === first.scope && candidate.rank === 0),
  )
  if (meant.length > 0) throw unfit(meant[0]!.issue)
  if (first === undefined) {
    const told = hasFolders ? [] : unread.sort((a, b) => a.candidate.rank - b.candidate.rank)
    if (told.length > 0) throw unfit(told[0]!.issue)
    return null
  }
  const elsewhere = nearest.find(({ scope }) => scope !== first.scope)
  if (elsewhere !== undefined) {
    if (hasFolders) return null
    throw twice(elsewhere, first)
  }
  return oneForEachPart(
    nearest,
    unlabelled.filter(({ scope }) => scope === first.scope),
  )
}

/** The tables with the usual names of tables of labels. One with another name counts only if there are none. */
function oneForEachPart(labelled: readonly (Candidate & Table)[], unlabelled: readonly (Candidate & Table)[]): Table[] {
  const rank = Math.min(...labelled.map((table) => table.rank))
  const chosen = [...labelled.filter((table) => table.rank === rank), ...unlabelled.filter((table) => table.rank === 0)]
  // A table that speaks of no split has the training pictures at least: one more called train says the same.
  const partOf = ({ role }: Table) => role ?? 'train'
  for (const [i, table] of chosen.entries()) {
    const other = chosen.slice(0, i).find((one) => partOf(one) === partOf(table))
    if (other !== undefined) throw twice(table, other)
  }
  return chosen
}

const twice = ({ path, role }: Table, other: Table) =>
  unfit({
    path,
    code: 'TABLE_TWICE',
    message: `it is a table${role === null ? '' : ` for ${role}`}, and so is ${other.path}`,
    fix: 'Put all rows into one, or name them after their parts, as train.csv and test.csv, each once.',
  })

/** @param sharedDepth how many folders are around everything: their names say nothing */
function candidateOf(path: string, index: number, sharedDepth: number): Candidate | [] {
  const folders = path.split('/')
  const name = folders.pop()!
  const stem = name.replace(tableEnding, '')
  if (stem === name || /submission/i.test(name)) return []
  const own = roleOf(stem)
  const usual = usualName.test(stem) || own !== null
  const isText = /\.txt$/i.test(name)
  if (isText && !usual) return []
  let role = own
  while (folders.length > sharedDepth && roleOf(folders.at(-1)!) !== null) role ??= roleOf(folders.pop()!)
  return { path, index, role, scope: folders.map((folder) => `${folder}/`).join(''), rank: isText ? 2 : usual ? 0 : 1 }
}

const depthOf = (path: string): number => path.split('/').length

interface Look {
  dialect: Dialect
  columns: Columns | null
  problem: HeaderProblem | null
}

function lookAt(
  head: string,
  { path, folder, guessLabel, matcher }: { path: string; folder: string; guessLabel: boolean; matcher: PathMatcher },
): Look {
  const lines = head.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  const headerAt = lines.findIndex((line) => line.trim() !== '' && !/^sep=.$/i.test(line.trim()))
  const line = lines[headerAt] ?? ''
  if (/\.(jsonl|ndjson)$/i.test(path)) {
    // The last line may be cut off by the limit of what is looked at: then it is no object.
    const keys = new Set(lines.flatMap((one) => (one.length > maxLineLength ? [] : Object.keys(objectOf(one) ?? {}))))
    const problem: HeaderProblem = {
      message: `its first line is no object: ${JSON.stringify(line.slice(0, 100))}`,
      fix: 'Write each line as {"path":"img/1.png","label":"cat","split":"train"}.',
      isIntended: false,
    }
    return {
      dialect: { kind: 'json' },
      ...(keys.size === 0 ? { columns: null, problem } : readHeader([...keys], { guessLabel })),
    }
  }
  if (line.length > maxLineLength)
    return {
      dialect: { kind: 'json' },
      columns: null,
      problem: {
        message: `its first line has more than ${maxLineLength} characters, the limit`,
        fix: "Begin with the line 'path,label' or 'path,label,split'.",
        isIntended: false,
      },
    }
  const readings = (Object.keys(separators) as Separator[]).flatMap((separator) => {
    const fields = fieldsOf(line, separator)
    return fields === null ? [] : [{ separator, fields, ...readHeader(fields, { guessLabel }) }]
  })
  const goodness = ({ problem, columns, fields }: (typeof readings)[number]) =>
    (problem === null ? 2e6 : columns !== null ? 1e6 : 0) + fields.length
  const best = readings.sort((a, b) => goodness(b) - goodness(a))[0]
  const dialect = { kind: 'separated' as const, separator: best?.separator ?? ',', headerLine: headerAt + 1 }
  if (best === undefined)
    return {
      dialect,
      columns: null,
      problem: {
        message: `the quotes of its first line do not fit together: ${JSON.stringify(line.slice(0, 100))}`,
        fix: "Begin with the line 'path,label' or 'path,label,split'.",
        isIntended: false,
      },
    }
  return {
    dialect,
    columns: best.columns,
    problem: best.columns === null ? (withoutHeader(best, { folder, matcher }) ?? best.problem) : best.problem,
  }
}

/** A first line that names a file of the archive is a row: the header is missing. */
function withoutHeader(
  { fields, separator }: { fields: readonly string[]; separator: Separator },
  { folder, matcher }: { folder: string; matcher: PathMatcher },
): HeaderProblem | null {
  const at = fields
    .slice(0, 20)
    .findIndex((field) => /[./\\]/.test(field) && matcher.match(field.trim(), folder).kind === 'found')
  if (at === -1) return null
  const names = fields.map((field, place) => (place === at ? 'path' : roleOf(field) !== null ? 'split' : null))
  const label = names.indexOf(null)
  const header = names.map((name, place) => name ?? (place === label ? 'label' : `column${place + 1}`)).join(separator)
  return {
    message: `a header is missing: its first line is ${JSON.stringify(fields.join(separator).slice(0, 200))}, which names a file`,
    fix: `Put a line with the names of the columns before it: ${header.slice(0, 200)}`,
    isIntended: false,
  }
}
