import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The long programs as they are built, started as `npm run` starts them. */
describe.each(['bench', 'learning', 'chaos', 'fuzz'])('npm run %s', (verb) => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../dist', verb, 'main.js'), ...words], {
      encoding: 'utf8',
      timeout: 60_000,
    })

  it('tells its options on request', () => {
    const { status, stdout } = run('--help')
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`^usage: npm run ${verb} `))
  })

  it('names an option that does not exist', () => {
    const { status, stdout, stderr } = run('--sees', '3')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain("Unknown option '--sees'")
    expect(stderr).toContain(`usage: npm run ${verb} `)
  })
})
