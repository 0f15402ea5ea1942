import { Failure } from '@imclr/contract'
import type { Problems } from '../problems.js'
import type { ArchiveLimits } from './archive.js'
import { judgePath } from './judgePath.js'

/** What every entry of an archive must pass, whatever its format: caps, safe paths, no path twice. */
export class EntryGuard {
  readonly #name: string
  readonly #limits: ArchiveLimits
  readonly #problems: Problems
  readonly #seen = new Set<string>()
  #entries = 0
  #bytes = 0

  constructor({ name, limits, problems }: { name: string; limits: ArchiveLimits; problems: Problems }) {
    this.#name = name
    this.#limits = limits
    this.#problems = problems
  }

  /** @returns the cleaned path; null where the entry is to be ignored or is refused. @throws Failure DATASET_TOO_LARGE */
  path(raw: string): string | null {
    this.#entries++
    if (this.#entries > this.#limits.maxEntries) throw new Failure('DATASET_TOO_LARGE', `${this.#name} has more than ${this.#limits.maxEntries} entries, what the limit maxImages leaves room for`)
    const judgement = judgePath(raw)
    if (judgement.kind === 'unsafe') this.#problems.add('unsafe', judgement.issue)
    return judgement.kind === 'use' ? judgement.path : null
  }

  /** Counts a file. @returns whether it is to be used. @throws Failure DATASET_TOO_LARGE */
  file(path: string, bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.maxBytes) throw new Failure('DATASET_TOO_LARGE', `${this.#name} unpacks to more than ${this.#limits.maxBytes} bytes, the limit maxBytes`)
    if (this.#seen.has(path)) {
      this.#problems.add('file', { path, code: 'PATH_TWICE', message: 'the archive holds this path more than once', fix: 'Pack it once.' })
      return false
    }
    this.#seen.add(path)
    return true
  }
}
