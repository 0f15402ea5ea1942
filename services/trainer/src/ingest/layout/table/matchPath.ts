import { editDistance } from './editDistance.js'
import { PathIndex, maxDepth } from './pathIndex.js'
import { isPictureName, sharedFolder, withoutEnding } from './pictureNames.js'

export type Match =
  /** `isAssumed`: the file is not at the very path that the row gives, relative to the table. */
  | { kind: 'found'; file: number; isAssumed: boolean }
  | { kind: 'ambiguous'; files: [number, number] }
  /** `near`: a file that may be meant. */
  | { kind: 'missing'; near: number | null }

/**
 * Looking for names that are nearly the same costs a comparison each; as many are made in all, of names up to this
 * length.
 */
const maxComparisons = 100_000
const maxCompared = 40

/**
 * Finds the file that a row of a table names. A path that is there relative to the table's own folder is that file.
 * Else the one file that agrees with it by whole parts from the end, where the path or the file's (from the top, or
 * from a folder around the table) may be the longer one: so are Windows and absolute paths, addresses, and folders
 * around either found. Then without the ending of the picture's name, then by capital and small letters taken for the
 * same. Two that agree alike are ambiguous.
 */
export class PathMatcher {
  readonly #paths: string[]
  readonly #isPicture: boolean[]
  readonly #shared: string
  readonly #indices = new Map<string, PathIndex>()
  #comparisons = 0

  /** @param paths of the archive's files, by their places */
  constructor(paths: readonly string[]) {
    this.#paths = paths.map((path) => path.normalize('NFC'))
    this.#isPicture = this.#paths.map(isPictureName)
    this.#shared = sharedFolder(this.#paths)
  }

  /** The place of a picture, as an example; -1 where there is none. */
  get somePicture(): number {
    return this.#isPicture.indexOf(true)
  }

  /**
   * @param folder the table's, with its slash; '' for the top.
   * @param hint whether a file that may be meant is looked for
   */
  match(raw: string, folder: string, hint = true): Match {
    const written = raw.normalize('NFC')
    const wanted = partsOf(written)
    const isAbsolute = /^([A-Za-z]:|[\\/]|[a-z][a-z0-9+.-]+:\/\/)/i.test(written)
    // Looking for misspellings is slow, and most tables spell their files right.
    const plain = written.replace(/^(\.\/)+/, '')
    const [direct, twin] = this.#index('').at(folder + plain)
    if (direct !== undefined && twin === undefined) return { kind: 'found', file: direct, isAssumed: false }
    if (wanted.length === 0 || wanted.length > maxDepth) return { kind: 'missing', near: null }
    const decoded = partsOf(percentDecoded(written))
    for (const parts of decoded.join('/') === wanted.join('/') ? [wanted] : [wanted, decoded]) {
      for (const form of ['', 'stem', 'lower', 'lower stem'] as const) {
        const files = this.#candidates(parts, isAbsolute ? null : folder, form)
        if (files.length === 1) return { kind: 'found', file: files[0]!, isAssumed: true }
        if (files.length > 1) return { kind: 'ambiguous', files: [files[0]!, files[1]!] }
      }
    }
    return { kind: 'missing', near: hint ? this.#near(wanted.at(-1)!) : null }
  }

  /** None, one, or several; @param folder what a relative path begins at; null: the path is absolute */
  #candidates(parts: readonly string[], folder: string | null, form: Form): number[] {
    const folded = (text: string) => (form.startsWith('lower') ? text.toLowerCase() : text)
    const asked = parts.map(folded)
    const index = this.#index(form)
    const beside = folder === null ? [] : index.at(resolved(folded(folder), asked))
    if (beside.length > 0) return beside
    const names = asked.slice(asked.lastIndexOf('..') + 1)
    if (names.length === 0) return []
    const bases = [...new Set([...foldersAround(folded(folder ?? '')), ...foldersAround(folded(this.#shared))])]
    const shorter = names.flatMap((_, i) =>
      i === 0 ? [] : bases.flatMap((around) => index.at(around + names.slice(i).join('/'))),
    )
    return [...new Set([...index.endingIn(names), ...shorter])]
  }

  /** Made when it is first asked for: most tables need the first alone. */
  #index(form: Form): PathIndex {
    let index = this.#indices.get(form)
    if (index === undefined) {
      const stems = form.endsWith('stem')
      index = new PathIndex(
        this.#paths.map((path, file) => {
          if (stems && !this.#isPicture[file]!) return null
          const named = stems ? withoutEnding(path) : path
          return form.startsWith('lower') ? named.toLowerCase() : named
        }),
      )
      this.#indices.set(form, index)
    }
    return index
  }

  /** A file of the same name in another place, with another ending, or of nearly the same name. */
  #near(name: string): number | null {
    const lower = name.toLowerCase()
    const [same] = [
      ...this.#index('lower').endingIn([lower]),
      ...this.#index('lower stem').endingIn([withoutEnding(lower)]),
    ]
    if (same !== undefined) return same
    const limit = lower.length > 6 ? 2 : 1
    const numbers = numbersOf(lower)
    if (lower.length > maxCompared) return null
    for (const [file, path] of this.#paths.entries()) {
      if (this.#comparisons >= maxComparisons) return null
      if (!this.#isPicture[file]!) continue
      this.#comparisons++
      const other = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
      if (other.length <= maxCompared && editDistance(lower, other, limit) <= limit && numbersOf(other) === numbers)
        return file
    }
    return null
  }
}

/** 7.png is not a misspelling of 8.png. */
const numbersOf = (name: string): string => (name.match(/\d+/g) ?? []).map(Number).join()

type Form = '' | 'stem' | 'lower' | 'lower stem'

/** The parts of a path as people write it: with backslashes, a drive, an address before it. */
function partsOf(written: string): string[] {
  const local = written
    .replace(/^[a-z][a-z0-9+.-]+:\/\/[^/]*/i, '')
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
  return local.split('/').filter((part) => part !== '' && part !== '.')
}

function percentDecoded(written: string): string {
  if (!/%[0-9a-f]{2}/i.test(written)) return written
  try {
    return decodeURIComponent(written).normalize('NFC')
  } catch {
    return written
  }
}

/** A relative path from a folder, its '..' followed; where they lead out, the rest from the top. */
function resolved(folder: string, parts: readonly string[]): string {
  const way = folder.split('/').slice(0, -1)
  for (const part of parts) {
    if (part === '..') way.pop()
    else way.push(part)
  }
  return way.join('/')
}

/** The folder, the one around it, and so on to the top, ''. */
function foldersAround(folder: string): string[] {
  const parts = folder.split('/').slice(0, -1).slice(0, 16)
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    parts
      .slice(0, parts.length - i)
      .map((part) => `${part}/`)
      .join(''),
  )
}
