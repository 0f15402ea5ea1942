import type { Issue } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import type { Archive } from '../archive/archive.js'
import { kindBytes } from '../../image/pictureKind.js'
import type { NoPicture } from '../../image/pictureKind.js'
import { whatItIs } from '../decode/whatItIs.js'
import { unfit } from '../problems.js'
import { isDocument } from './folders/isDocument.js'
import { readFolders, UnclearFolders } from './folders/readFolders.js'
import type { FolderReading } from './folders/readFolders.js'
import type { Item, DetectedLayout, LayoutContext } from './detectedLayout.js'

/**
 * The layout of folders: `<class>/...`, `<split>/<class>/...` or `<class>/<split>/...`, with any folders around them
 * (see `readFolders`). Documents are left aside. A folder of a class that holds nothing is a class all the same; its
 * emptiness is told later.
 *
 * @throws Failure DATASET_INVALID where the folders can be read in several ways, or in none
 */
export async function detectFolders({
  archive,
  options,
  problems,
  notes,
}: Pick<LayoutContext, 'archive' | 'options' | 'problems' | 'notes'>): Promise<DetectedLayout> {
  const places = archive.files.flatMap(({ path }, file) => {
    if (!isDocument(path, { inClass: path.includes('/') })) return [file]
    notes.add('IGNORED_DOCUMENT', path)
    return []
  })
  const paths = places.map((file) => archive.files[file]!.path)
  const reading = understood(() => readFolders({ paths, folders: options.folders, notes }))
  const empty = emptyFolders(archive.folders, { paths: archive.files.map(({ path }) => path), reading })
  for (const path of empty.elsewhere) notes.add('IGNORED_FOLDER', path)

  const classes = [
    ...new Set([...reading.assignments.flatMap((assignment) => assignment?.className ?? []), ...empty.classes]),
  ].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const items: Item[] = []
  let unplaced = 0
  for (const [i, path] of paths.entries()) {
    const [assignment, file] = [reading.assignments[i], places[i]!]
    if (assignment)
      items.push({
        path,
        file,
        split: assignment.split,
        label: assignment.className === null ? -1 : labels.get(assignment.className)!,
      })
    else {
      const other = ++unplaced <= maxLookedAt ? await noPicture(archive, file) : null
      if (other !== null) problems.add(other.code === 'NESTED_ARCHIVE' ? 'unsafe' : 'file', { path, ...other })
      else
        problems.add('file', {
          path,
          code: 'NOT_IN_A_CLASS',
          message: 'it is in no class folder',
          fix: `Move it to the folder of its class, beside ${[...labels.keys()]
            .slice(0, 3)
            .map((name) => `${name}/`)
            .join(', ')}, or remove it.`,
        })
    }
  }
  if (classes.length < 2) for (const issue of tablesLeftAside(archive.files)) problems.add('file', issue)
  return {
    layout: 'folders',
    classes,
    testWasGiven: reading.testWasGiven,
    items,
    pixels: { kind: 'pictures', files: archive },
    folds: null,
  }
}

/** How many files without a class are opened to see what they are. Each must be unpacked for that. */
const maxLookedAt = 50

/** Why a file is no picture; null if it is one, or cannot be read. */
async function noPicture(archive: Archive, file: number): Promise<NoPicture | null> {
  const content = await archive
    .open(file)
    .then((opened) => opened.read(0, Math.min(kindBytes, opened.bytes)))
    .catch((error: unknown) => (error instanceof DamagedFile ? null : Promise.reject(error as Error)))
  if (content === null || content.length === 0) return null
  const kind = whatItIs(content)
  return typeof kind === 'string' ? null : kind
}

/** A file that its owner may have meant as the table of the classes, if the folders give no classes. */
function tablesLeftAside(files: Archive['files']): Issue[] {
  return files
    .flatMap(({ path, bytes }) => {
      const issue = (message: string, fix: string) => [{ path, code: 'TABLE_NOT_READ', message, fix }]
      if (/\.(xlsx?|ods|numbers)$/i.test(path))
        return issue(
          'it is a spreadsheet, which is not read',
          'Save it as CSV with the columns path and label, if it says which class each picture has.',
        )
      if (/\.json$/i.test(path))
        return issue(
          'JSON is read only with one object in each line',
          'Write a line for each picture, as in {"path":"img/1.png","label":"cat"}, and call it labels.jsonl, if it says which class each picture has.',
        )
      if (/\.(csv|tsv|jsonl|ndjson)$/i.test(path) && bytes === 0)
        return issue('it is empty', 'Write a header and a line for each picture: path,label')
      return []
    })
    .slice(0, maxLookedAt)
}

function understood(read: () => FolderReading): FolderReading {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnclearFolders) throw unfit(error.issue)
    throw error
  }
}

/** Folders without a file. Among the folders of classes they are classes, elsewhere they mean nothing. */
function emptyFolders(
  folders: readonly string[],
  { paths, reading }: { paths: readonly string[]; reading: FolderReading },
): { classes: string[]; elsewhere: string[] } {
  const filled = new Set<string>()
  for (const path of paths)
    for (
      let end = path.lastIndexOf('/');
      end > 0 && !filled.has(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1)
    )
      filled.add(path.slice(0, end))
  const empty = folders.filter((path) => !filled.has(path))
  const levels = new Set(reading.classLevels)
  const classOf = (path: string) =>
    levels.has(path.slice(0, path.lastIndexOf('/') + 1)) ? [path.slice(path.lastIndexOf('/') + 1)] : []
  return {
    classes: empty.flatMap(classOf),
    elsewhere: empty.filter((path) => classOf(path).length === 0).map((path) => `${path}/`),
  }
}
