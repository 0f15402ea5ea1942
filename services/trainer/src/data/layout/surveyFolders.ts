import { unfit } from '../problems.js'
import { isDocument } from './folders/isDocument.js'
import { readFolders, UnclearFolders } from './folders/readFolders.js'
import type { FolderReading } from './folders/readFolders.js'
import type { Survey, SurveyContext } from './survey.js'

/**
 * The layout of folders: `<class>/...`, `<split>/<class>/...` or `<class>/<split>/...`, with any folders around them (see `readFolders`).
 * Documents are left aside. A folder of a class that holds nothing is a class all the same; its emptiness is told later.
 *
 * @throws Failure DATASET_INVALID where the folders can be read in several ways, or in none
 */
export function surveyFolders({ archive, options, problems, notes }: Pick<SurveyContext, 'archive' | 'options' | 'problems' | 'notes'>): Survey {
  const places = archive.files.flatMap(({ path }, file) => {
    if (!isDocument(path, { inClass: path.includes('/') })) return [file]
    notes.add('IGNORED_DOCUMENT', path)
    return []
  })
  const paths = places.map((file) => archive.files[file]!.path)
  const reading = understood(() => readFolders({ paths, folders: options.folders, notes }))
  const empty = emptyFolders(archive.folders, { paths: archive.files.map(({ path }) => path), reading })
  for (const path of empty.elsewhere) notes.add('IGNORED_FOLDER', path)

  const classes = [...new Set([...reading.places.flatMap((place) => place?.className ?? []), ...empty.classes])].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const items = paths.flatMap((path, i) => {
    const place = reading.places[i]
    if (place) return [{ path, file: places[i]!, part: place.part, label: place.className === null ? -1 : labels.get(place.className)! }]
    problems.add('file', { path, code: 'NOT_IN_A_CLASS', message: 'it is in no class folder', fix: `Move it to the folder of its class, beside ${[...labels.keys()].slice(0, 3).map((name) => `${name}/`).join(', ')}, or remove it.` })
    return []
  })
  return { layout: 'folders', classes, testWasGiven: reading.testWasGiven, items, pixels: { kind: 'pictures', files: archive }, folds: null }
}

function understood(read: () => FolderReading): FolderReading {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnclearFolders) throw unfit(error.issue)
    throw error
  }
}

/** Folders without a file: where the classes lie they are classes, elsewhere they mean nothing. */
function emptyFolders(folders: readonly string[], { paths, reading }: { paths: readonly string[]; reading: FolderReading }): { classes: string[]; elsewhere: string[] } {
  const filled = new Set<string>()
  for (const path of paths) for (let end = path.lastIndexOf('/'); end > 0 && !filled.has(path.slice(0, end)); end = path.lastIndexOf('/', end - 1)) filled.add(path.slice(0, end))
  const empty = folders.filter((path) => !filled.has(path))
  const levels = new Set(reading.classLevels)
  const classOf = (path: string) => (levels.has(path.slice(0, path.lastIndexOf('/') + 1)) ? [path.slice(path.lastIndexOf('/') + 1)] : [])
  return { classes: empty.flatMap(classOf), elsewhere: empty.filter((path) => classOf(path).length === 0).map((path) => `${path}/`) }
}
