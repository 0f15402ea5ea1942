import type { Issue, PrepareOptions, Split } from '@imclr/contract'
import type { Notes } from '../../notes.js'
import { roleOf, settleRoles, wordsOf } from '../splitRoles.js'
import { isPictureName } from '../table/pictureNames.js'
import { levelOf } from './folder.js'
import type { Folder, Level } from './folder.js'

/** The meaning of an upload's folders. */
export interface FolderReading {
  /** The folder that was looked through, with its slash; '' for the top. */
  root: string
  /** For each file its split and class; null if it has none. */
  assignments: ({ split: Split; className: string | null } | null)[]
  /** The folders that hold the classes' folders, each with its slash. An empty folder is an empty class only there. */
  classLevels: string[]
  testWasGiven: boolean
}

export interface ReadFolders {
  /** Of all files that may be pictures. */
  paths: readonly string[]
  folders: PrepareOptions['folders']
  notes: Notes
}

/** The folders can be read in more than one way, or in none. */
export class UnclearFolders extends Error {
  override readonly name = 'UnclearFolders'
  constructor(readonly issue: Issue) {
    super(issue.message)
  }
}

/** Folders of these names hold pictures, whatever those show. */
const plain = new Set([
  'image',
  'images',
  'img',
  'imgs',
  'picture',
  'pictures',
  'pic',
  'pics',
  'photo',
  'photos',
  'data',
  'dataset',
  'jpg',
  'jpeg',
  'jpegs',
  'png',
  'pngs',
  'jpegimages',
  'files',
])

/**
 * Reads folders as `<class>/`, `<split>/<class>/` or `<class>/<split>/`, whatever folders lie around them. Neighbouring
 * folders decide which: folders named after splits are splits if all of their neighbours are too and hold folders of
 * classes. They are classes if they hold pictures as their neighbours do (bus, car, train). Anything else the user must
 * decide by the option `folders`. Folders within a class belong to it.
 *
 * @throws UnclearFolders with the question, or with what is missing
 */
export function readFolders({ paths, folders, notes }: ReadFolders): FolderReading {
  const pathOf = (file: number) => paths[file]!
  const top: Folder = { path: '', name: '', files: [...paths.keys()] }
  const { folder: root, level } = unwrapped(top, pathOf)
  if (root.path !== '') notes.add('WRAPPING_FOLDER', root.path)
  if (level.folders.length === 0) throw withoutClasses(root, level, pathOf)
  const reader = new Reader({ paths, root, level, notes })
  if (folders === 'classes') return reader.classes(level.folders)
  if (folders === 'splits') return reader.bySplits()
  return reader.byNeighbours()
}

/** A folder that holds everything is looked through, unless it is a class, or has the name of a split. */
function unwrapped(from: Folder, pathOf: (file: number) => string): { folder: Folder; level: Level } {
  let folder = from
  let level = levelOf(folder, pathOf)
  for (;;) {
    const [only, second] = level.folders
    if (level.loose.length > 0 || only === undefined || second !== undefined || roleOf(only.name) !== null)
      return { folder, level }
    const inner = levelOf(only, pathOf)
    const isClass = inner.folders.length === 0 || (inner.loose.length > 0 && inner.folders.length === 1)
    if (isClass) return { folder, level }
    ;[folder, level] = [only, inner]
  }
}

const quoted = (folders: readonly Folder[]): string => {
  const names = folders.slice(0, 5).map(({ name }) => `${name}/`)
  return folders.length > 5
    ? `${names.join(', ')} and ${folders.length - 5} more`
    : names.join(', ').replace(/, ([^,]*)$/, ' and $1')
}

const withoutClasses = ({ path }: Folder, { loose }: Level, pathOf: (file: number) => string): UnclearFolders => {
  const others = loose.map(pathOf).filter((one) => !isPictureName(one))
  const none =
    others.length === 0
      ? 'there are no pictures'
      : `no file is called as a picture is: ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', ...' : ''}`
  const pictures = loose.length - others.length
  return new UnclearFolders({
    path,
    code: 'NO_CLASS_FOLDERS',
    message:
      pictures === 0 ? none : `all ${pictures} pictures lie in one place, and nothing says which class each belongs to`,
    fix: "Put the pictures of each class into a folder with the class's name, or add a table labels.csv with the columns path and label.",
  })
}

interface Reading {
  paths: readonly string[]
  root: Folder
  level: Level
  notes: Notes
}

/** The ways to read the folders of one level. */
class Reader {
  readonly #paths: readonly string[]
  readonly #root: Folder
  readonly #level: Level
  readonly #notes: Notes
  readonly #assignments: FolderReading['assignments']

  constructor({ paths, root, level, notes }: Reading) {
    this.#paths = paths
    this.#root = root
    this.#level = level
    this.#notes = notes
    this.#assignments = paths.map(() => null)
  }

  byNeighbours(): FolderReading {
    const all = this.#level.folders
    const splits = all.filter(({ name }) => isLabelled(roleOf(name)))
    const unlabelled = all.filter(({ name }) => roleOf(name) === 'unlabelled')
    const others = all.filter(({ name }) => roleOf(name) === null)
    if (splits.length === 0) return this.#classesOrWithin(others, unlabelled)
    if (others.length === 0) {
      // Every part that is trained on must have folders of classes; another of pictures alone has no labels.
      const flat = splits.filter((folder) => this.#within(folder, splits).level.folders.length === 0)
      if (!flat.some(({ name }) => roleOf(name) === 'train')) return this.bySplits()
      if (all.length === 1) throw withoutClasses(all[0]!, this.#levelOf(all[0]!), (file) => this.#paths[file]!)
      throw this.#question(splits, all)
    }
    const isFlat = (folder: Folder) => this.#levelOf(folder).folders.length === 0
    const alike = splits.every(isFlat) && others.every((folder) => this.#levelOf(folder).loose.length > 0)
    if (!alike) throw this.#question(splits, all)
    for (const { path } of splits) this.#notes.add('TAKEN_FOR_CLASS', path)
    return this.#classesOrWithin([...others, ...splits], unlabelled)
  }

  /** Folders of classes, unless each of them holds its own splits. */
  #classesOrWithin(folders: readonly Folder[], unlabelled: readonly Folder[]): FolderReading {
    for (const { path } of unlabelled) this.#notes.add('TAKEN_FOR_SPLIT', `${path} is unlabelled`)
    this.#assignUnlabelled(unlabelled)
    const within = folders.filter((folder) => this.#holdsSplits(folder))
    if (within.length > 0 && within.length === folders.length && folders.length > 1) return this.#splitsWithin(folders)
    if (within.length > 0) throw this.#questionWithin(within, folders)
    return this.classes(folders)
  }

  /** Nothing but parts of a data set, one of them for training. */
  #holdsSplits(folder: Folder): boolean {
    const { loose, folders } = this.#levelOf(folder)
    const roles = folders.map(({ name }) => roleOf(name))
    return loose.length === 0 && folders.length > 1 && roles.every((role) => role !== null) && roles.includes('train')
  }

  classes(folders: readonly Folder[]): FolderReading {
    for (const folder of folders) this.#assignClass(folder, 'train')
    return this.#done([this.#root.path], false)
  }

  /** `<class>/<split>/` */
  #splitsWithin(folders: readonly Folder[]): FolderReading {
    const inner = folders.flatMap((folder) =>
      this.#levelOf(folder).folders.map((part) => ({ className: folder.name, part, role: roleOf(part.name) })),
    )
    const names = [...new Set(inner.map(({ part }) => part.name))]
    const settled = new Map(
      settleRoles(names.map(roleOf), { names: names.map((name) => `${name}/`), notes: this.#notes }).map((split, i) => [
        names[i]!,
        split,
      ]),
    )
    for (const { className, part } of inner) {
      const split = settled.get(part.name)!
      this.#notes.add('TAKEN_FOR_SPLIT', `${part.path} is ${split}`)
      for (const { path } of this.#levelOf(part).folders)
        this.#notes.add('NESTED_FOLDERS', `${path} belongs to ${className}`)
      for (const file of part.files)
        this.#assignments[file] = { split, className: split === 'unlabelled' ? null : className }
    }
    return this.#done([this.#root.path], [...settled.values()].includes('test'))
  }

  /** `<split>/<class>/` */
  bySplits(): FolderReading {
    const parts = this.#level.folders.filter(({ name }) => roleOf(name) !== null)
    if (parts.length === 0 && this.#level.folders.every((folder) => this.#holdsSplits(folder)))
      return this.#splitsWithin(this.#level.folders)
    if (parts.length === 0)
      throw this.#missing(
        'no folder has the name of a part of a data set (train, test, validation)',
        'Name them so, or leave the option folders out.',
      )
    const split = settleRoles(
      parts.map(({ name }) => roleOf(name)),
      { names: parts.map(({ path }) => path), notes: this.#notes },
    )
    if (!split.includes('train'))
      throw this.#missing(
        `there is ${quoted(parts)} alone, and no training part`,
        'Add the folder train/, or put the folders of the classes at the top: then a fifth of each class becomes the test part.',
      )
    const levels: string[] = []
    parts.forEach((part, i) => {
      const role = split[i]!
      this.#notes.add('TAKEN_FOR_SPLIT', `${part.path} is ${role}`)
      if (role === 'unlabelled') return this.#assignUnlabelled([part])
      const { folder, level } = this.#within(
        part,
        parts.filter((_, other) => split[other] !== 'unlabelled'),
      )
      if (folder !== part) this.#notes.add('WRAPPING_FOLDER', folder.path)
      if (level.folders.length === 0 && role !== 'train') {
        this.#notes.add('TEST_PART_UNLABELLED', part.path, part.files.length)
        return this.#assignUnlabelled([part])
      }
      levels.push(folder.path)
      for (const one of level.folders) this.#assignClass(one, role)
    })
    const labelled = this.#assignments.some((assignment) => assignment?.split === 'test')
    return this.#done(levels, labelled)
  }

  /**
   * Where the classes of a part lie: a folder around all of them is looked through where it has the part's name again
   * (`seg_train/seg_train/<class>`) or a plain one (`train/images/<class>`), or where all parts have one.
   */
  #within(part: Folder, parts: readonly Folder[]): { folder: Folder; level: Level } {
    const onlyOne = ({ loose, folders }: Level): Folder | null =>
      loose.length === 0 && folders.length === 1 ? folders[0]! : null
    const everyPartHasOne = parts.every((one) => {
      const inner = onlyOne(this.#levelOf(one))
      return inner !== null && this.#levelOf(inner).folders.length > 0
    })
    let folder = part
    let level = this.#levelOf(part)
    for (let inner = onlyOne(level); inner !== null; inner = onlyOne(level)) {
      const named = roleOf(inner.name) === roleOf(part.name) || wordsOf(inner.name).every((word) => plain.has(word))
      if (!named && !(everyPartHasOne && folder === part)) break
      ;[folder, level] = [inner, this.#levelOf(inner)]
    }
    return { folder, level }
  }

  #levelOf(folder: Folder): Level {
    return levelOf(folder, (file) => this.#paths[file]!)
  }

  #assignClass(folder: Folder, split: Split): void {
    for (const { path } of this.#levelOf(folder).folders)
      this.#notes.add('NESTED_FOLDERS', `${path} belongs to ${folder.name}`)
    for (const file of folder.files) this.#assignments[file] = { split, className: folder.name }
  }

  #assignUnlabelled(folders: readonly Folder[]): void {
    for (const { files } of folders)
      for (const file of files) this.#assignments[file] = { split: 'unlabelled', className: null }
  }

  #done(classLevels: string[], testWasGiven: boolean): FolderReading {
    return { root: this.#root.path, assignments: this.#assignments, classLevels, testWasGiven }
  }

  #missing(message: string, fix: string): UnclearFolders {
    return new UnclearFolders({ path: this.#root.path, code: 'NO_TRAINING_PART', message, fix })
  }

  #question(splits: readonly Folder[], all: readonly Folder[]): UnclearFolders {
    const inner = new Set(splits.flatMap((folder) => this.#levelOf(folder).folders.map(({ name }) => name)))
    const asSplits =
      inner.size === 0
        ? 'parts of the data set, with no folders of classes in them'
        : `parts of the data set, with the ${inner.size === 1 ? 'class' : `${inner.size} classes`} ${[...inner].sort().slice(0, 5).join(', ')}${inner.size > 5 ? ' ...' : ''}`
    return new UnclearFolders({
      path: this.#root.path,
      code: 'AMBIGUOUS_FOLDERS',
      message: `${quoted(splits)} can be read in two ways: as ${asSplits}; or as classes, ${all.length} in all: ${quoted(all)}`,
      fix: "Say which, with folders: 'splits' or folders: 'classes', or rename them.",
    })
  }

  #questionWithin(within: readonly Folder[], all: readonly Folder[]): UnclearFolders {
    const inner = this.#levelOf(within[0]!).folders
    return new UnclearFolders({
      path: this.#root.path,
      code: 'AMBIGUOUS_FOLDERS',
      message: `${within[0]!.path} holds ${quoted(inner)}: parts of the data set, or no more than folders of the class ${within[0]!.name}; ${all.length - within.length} of ${all.length} classes have no such folders`,
      fix: "Say folders: 'classes' if they all belong to their class; else give every class the same parts, or put train/ and test/ at the top.",
    })
  }
}

const isLabelled = (role: Split | null): boolean => role !== null && role !== 'unlabelled'
