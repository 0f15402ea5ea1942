/** Deeper paths are compared by this many parts from their end. */
export const maxDepth = 32

type Places = Map<string, { first: number; second: number | null }>

/**
 * Finds files by their paths, or by the last parts of them. Each number of parts has a map of its own, made when it is
 * first asked for, so that a question costs the same however many files share a name. An answer is none, the one, or
 * the first two files.
 */
export class PathIndex {
  readonly #paths: readonly (string | null)[]
  #whole: Places | null = null
  readonly #ends = new Map<number, Places>()

  /** @param paths by the file's place; null: the file is not to be found */
  constructor(paths: readonly (string | null)[]) {
    this.#paths = paths
  }

  /** The files of this very path. */
  at(path: string): number[] {
    this.#whole ??= placesOf(this.#paths, (one) => one)
    return listed(this.#whole, path)
  }

  /** The files whose paths end in these whole parts. */
  endingIn(parts: readonly string[]): number[] {
    if (parts.length > maxDepth) return []
    let ends = this.#ends.get(parts.length)
    if (ends === undefined) {
      ends = placesOf(this.#paths, (path) => lastParts(path, parts.length))
      this.#ends.set(parts.length, ends)
    }
    return listed(ends, parts.join('/'))
  }
}

function placesOf(paths: readonly (string | null)[], keyOf: (path: string) => string | null): Places {
  const places: Places = new Map()
  for (const [file, path] of paths.entries()) {
    const key = path === null ? null : keyOf(path)
    if (key === null) continue
    const found = places.get(key)
    if (found === undefined) places.set(key, { first: file, second: null })
    else found.second ??= file
  }
  return places
}

function listed(places: Places, key: string): number[] {
  const found = places.get(key)
  return found === undefined ? [] : found.second === null ? [found.first] : [found.first, found.second]
}

function lastParts(path: string, count: number): string | null {
  let at = path.length
  for (let i = 0; i < count; i++) {
    if (at < 0) return null
    at = path.lastIndexOf('/', at - 1)
  }
  return path.slice(at + 1)
}
