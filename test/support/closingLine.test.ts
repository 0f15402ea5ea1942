import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

describe('the end of a test run', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'imclr-closing-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const run = (files: Record<string, string>, lines = 2): { code: number | null; end: string[] } => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.test.mjs`), text)
    const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
    const { status, stdout } = spawnSync(
      process.execPath,
      [vitest, 'run', '--root', folder, '--globals', '--reporter', join(import.meta.dirname, 'closingLine.ts')],
      { encoding: 'utf8' },
    )
    return { code: status, end: stdout.trimEnd().split('\n').slice(-lines) }
  }

  it('counts what passed', () => {
    const { code, end } = run({ a: 'test("one", () => {}); describe("deep", () => test("two", () => {}))' })
    expect([code, end.at(-1)]).toEqual([0, '2 passed, 0 failed'])
  })

  it('counts failures, files that cannot be loaded, and hooks and promises that fail; names what was missing once', () => {
    const missing =
      'console.warn("skipped: needs a lathe; apt-get install lathe"); describe.skip("s", () => test("three", () => {}))'
    const { code, end } = run({
      a: `test("one", () => { throw new Error("no") }); test("two", () => {}); ${missing}`,
      b: `throw new Error("cannot be loaded")`,
      c: `describe("d", () => { beforeAll(() => { throw new Error("no") }); test("four", () => {}) }); ${missing}`,
      d: `test("five", () => { Promise.reject(new Error("nobody waits for this")) })`,
    })
    expect(code).toBe(1)
    // Failed: one, b, c's hook, d's promise. Skipped: three in a and in c, and four.
    expect(end).toEqual(['skipped: needs a lathe; apt-get install lathe', '2 passed, 4 failed, 3 skipped'])
  })

  it('names the file whose process died, how, and the test it was at', () => {
    const { code, end } = run(
      {
        a: 'test("one", () => {})',
        b: `test("two", () => {}); describe("deep", () => test("three", async () => {
        await new Promise((resolve) => setTimeout(resolve, 500)); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}) })); test("four", () => {})`,
      },
      3,
    )
    expect(code).toBe(1)
    expect(end).toEqual([
      'a worker died: SIGKILL',
      'did not finish: b.test.mjs (2 of 3 tests open; it was at "deep > three")',
      '2 passed, 1 failed, 2 skipped',
    ])
  })
})
