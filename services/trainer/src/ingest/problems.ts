import { Failure } from '@imclr/contract'
import type { Issue, PrepareOptions } from '@imclr/contract'

/**
 * How severe a problem is:
 * - unsafe: something no honest archive holds; refused whatever the options say
 * - set: the data set as a whole cannot be used (one class only, a class without images); refused likewise
 * - file: one file cannot be used; refused, or left out with `onProblem: 'skip'`
 * - consequence: of the set too, but it follows from problems of files; told where those are left out, not beside them
 */
export type Severity = 'unsafe' | 'set' | 'file' | 'consequence'

/** How many issues one answer lists. The others are only counted. */
export const maxIssues = 1000

/**
 * Collects every problem of an archive, so that one answer can name them all. Holds at most 1,000 issues of each
 * severity. Causes come before what follows from them.
 */
export class Problems {
  readonly #found: Record<Severity, { count: number; issues: Issue[] }> = {
    unsafe: { count: 0, issues: [] },
    set: { count: 0, issues: [] },
    file: { count: 0, issues: [] },
    consequence: { count: 0, issues: [] },
  }

  add(severity: Severity, issue: Issue): void {
    const found = this.#found[severity]
    found.count++
    if (found.issues.length < maxIssues) found.issues.push(issue)
  }

  /** Whether something no honest archive holds was found: that is a cause of whatever else goes wrong. */
  get isUnsafe(): boolean {
    return this.#found.unsafe.count > 0
  }

  /** Files that cannot be used. */
  get fileCount(): number {
    return this.#found.file.count
  }

  get skipped(): { issues: Issue[]; count: number } {
    return { issues: sortByPath(this.#found.file.issues), count: this.#found.file.count }
  }

  /** @throws Failure ARCHIVE_UNSAFE or DATASET_INVALID with all that was found, where that is reason to refuse */
  refuse(onProblem: PrepareOptions['onProblem']): void {
    const { unsafe, set, file, consequence } = this.#found
    if (unsafe.count + set.count + consequence.count === 0 && (file.count === 0 || onProblem === 'skip')) return
    const told = [unsafe, set, file, ...(onProblem === 'skip' ? [consequence] : [])]
    const count = told.reduce((sum, found) => sum + found.count, 0)
    const issues = told.flatMap((found) => sortByPath(found.issues)).slice(0, maxIssues)
    const listed = issues.length < count ? `; the first ${issues.length} are listed` : ''
    const [first] = issues
    // Where files may be left out, what refuses the set is what follows from that.
    const following =
      onProblem === 'skip' && file.count > 0 && unsafe.count + set.count === 0
        ? `; without them: ${inWords(consequence.issues[0]!)}`
        : ''
    const message = `${count} problem${count === 1 ? '' : 's'} in the upload${listed}: ${inWords(first!)}${count > 1 ? ' ...' : ''}${following}`
    throw new Failure(unsafe.count > 0 ? 'ARCHIVE_UNSAFE' : 'DATASET_INVALID', message, { issues })
  }
}

/** An issue of the whole has no path. */
const inWords = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`)

const sortByPath = (issues: Issue[]): Issue[] =>
  issues.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))

/** One problem without which nothing can be read at all. */
export const unfit = (issue: Issue, ...more: Issue[]): Failure =>
  new Failure('DATASET_INVALID', inWords(issue), { issues: [issue, ...more] })
