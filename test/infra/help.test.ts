import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const generated = join(root, 'sdk/src/generated/api.ts')

/** The built programs behind the verbs; bench, learning, chaos and fuzz are in support/commandLine.test.ts. */
describe.each([
  ['npm run demo', 'infra/dist/demo/demo.js'],
  ['npm start', 'services/standalone/dist/main.js'],
  ['npm run doctor', 'infra/setup/doctor.mjs'],
  ['npm run setup', 'infra/setup/native.mjs'],
  ['npm run generate', 'infra/generate/dist/main.js'],
])('%s', (verb, program) => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [join(root, program), ...words], { cwd: root, encoding: 'utf8', timeout: 60_000 })

  it('prints its help on request, and does nothing', () => {
    const before = readFileSync(generated)
    const { status, stdout, stderr } = run('--help')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^usage: ${verb}( |\n)`))
    expect(readFileSync(generated)).toEqual(before)
  })

  it('refuses an unknown option', () => {
    const { status, stdout, stderr } = run('--hepl')
    expect([status, stdout]).toEqual([verb === 'npm start' ? 1 : 2, ''])
    expect(stderr).toContain('--hepl')
  })
})
