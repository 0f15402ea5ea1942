import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/**
 * Ends a run with `N passed, N failed` (and `, N skipped`) alone on a line, for people in a hurry and for machines.
 * Before it, each thing that was missing is named once, since a skip that nobody sees proves nothing.
 */
export default class ClosingLine implements Reporter {
  private readonly missing = new Set<string>()

  onUserConsoleLog(log: { content: string }): void {
    for (const line of log.content.split('\n')) {
      if (line.startsWith('skipped: needs ')) this.missing.add(line.trimEnd())
    }
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>, reason: TestRunEndReason): void {
    const { passed, failed, skipped } = count(modules)
    // Errors outside of any test, and a run that was broken off, are failures as well.
    const broken = errors.length + (reason === 'interrupted' ? 1 : 0)
    const tail = skipped > 0 ? `, ${skipped} skipped` : ''
    const lines = [...this.missing, `${passed} passed, ${failed + broken} failed${tail}`]
    process.stdout.write(`\n${lines.join('\n')}\n`)
  }
}

/** A file that cannot be loaded holds no tests to count; it is one failure. */
function count(modules: ReadonlyArray<TestModule>): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    const before = counts.failed
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') counts.passed++
      else if (state === 'failed') counts.failed++
      else counts.skipped++
    }
    if (!module.ok() && counts.failed === before) counts.failed++
  }
  return counts
}
