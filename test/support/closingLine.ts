import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/**
 * Ends a run with `N passed, N failed` (and `, N skipped`) alone on a line, for people in a hurry and for machines.
 * Before it, each thing that was missing is named once, since a skip that nobody sees proves nothing; and each file
 * whose process died under it, with the test it was at, since Vitest itself only tells that some worker exited.
 */
export default class ClosingLine implements Reporter {
  private readonly missing = new Set<string>()
  private readonly deaths: string[] = []

  onInit(): void {
    subscribe('child_process', (message) => {
      const { process: worker } = message as { process: ChildProcess }
      // Vitest ends its workers with SIGTERM when they are done.
      worker.once('exit', (code, signal) => {
        if (signal ? signal !== 'SIGTERM' : code) this.deaths.push(signal ?? `exit code ${code}`)
      })
    })
  }

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
    const cut = reason === 'interrupted' ? [] : unfinished(modules)
    const died = cut.length > 0 && this.deaths.length > 0 ? [`a worker died: ${this.deaths.join(', ')}`] : []
    const lines = [...this.missing, ...died, ...cut, `${passed} passed, ${failed + broken} failed${tail}`]
    process.stdout.write(`\n${lines.join('\n')}\n`)
  }
}

/**
 * The files that stopped in the middle, in words. Tests report in batches, so the one at fault may be a little further
 * on.
 */
function unfinished(modules: ReadonlyArray<TestModule>): string[] {
  return modules.flatMap((module) => {
    const tests = [...module.children.allTests()]
    const open = tests.filter((test) => test.result().state === 'pending')
    if (open.length === 0) return []
    const at = open.find((test) => test.diagnostic() !== undefined) ?? open[0]!
    return [
      `did not finish: ${module.relativeModuleId} (${open.length} of ${tests.length} tests open; it was at "${at.fullName}")`,
    ]
  })
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
