import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const infra = join(import.meta.dirname, '../../infra')
const prepare = (await import(join(infra, 'run/prepare.mjs'))) as {
  checkNode(version?: string): void
  isInstalled(root: string): boolean
}

describe("npm's verbs", () => {
  let clone: string
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'imclr-run-'))
    cpSync(join(infra, 'run'), join(clone, 'infra/run'), { recursive: true })
    cpSync(join(infra, 'run.mjs'), join(clone, 'infra/run.mjs'))
    for (const name of ['cacheFolder.mjs', 'problem.mjs'])
      cpSync(join(infra, 'setup', name), join(clone, 'infra/setup', name))
    write('package-lock.json', { packages: { '': {} } })
  })
  afterEach(() => rmSync(clone, { recursive: true }))

  const write = (path: string, content: unknown): void => {
    mkdirSync(join(clone, path, '..'), { recursive: true })
    writeFileSync(join(clone, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const where = () => ({ cwd: clone, env: { ...process.env, IMCLR_CACHE: join(clone, 'cache') } })
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['infra/run.mjs', ...words], { ...where(), encoding: 'utf8', timeout: 20_000 })

  it('are listed on request, and after a verb that does not exist', () => {
    const help = run('--help')
    expect([help.status, help.stderr]).toEqual([0, ''])
    for (const verb of [
      'demo',
      'experiment',
      'start',
      'test',
      'doctor',
      'bench',
      'learning',
      'chaos',
      'fuzz',
      'setup',
      'generate',
    ])
      expect(help.stdout).toContain(`  ${verb}`)
    const wrong = run('train')
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toContain('there is no verb "train"')
    expect(run('constructor').status).toBe(2)
  })

  it('pass on arguments, signals and the exit code; the doctor runs without packages', async () => {
    write(
      'infra/setup/doctor.mjs',
      `
      process.on('SIGTERM', () => process.exit(7))
      console.log(process.argv.slice(2).join(' '))
      setInterval(() => {}, 1000)`,
    )
    const child = spawn(process.execPath, ['infra/run.mjs', 'doctor', '--json', '--help'], {
      ...where(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    expect(String(await new Promise((resolve) => child.stdout.once('data', resolve)))).toBe('--json --help\n')
    child.kill('SIGTERM')
    expect(await ended).toBe(7)
  })

  it('print the fix of a problem that the user can fix', () => {
    write('node_modules/.package-lock.json', { packages: {} })
    write(
      'infra/setup/native.mjs',
      "export async function setUpNative() { throw Object.assign(new Error('no compiler'), { fix: ['apt-get install g++', 'or another'] }) }",
    )
    const { status, stderr } = run('start')
    expect(status).toBe(1)
    expect(stderr).toBe('\nimclr: no compiler\n  fix: apt-get install g++\n  fix: or another\n')
  })

  it('take turns when two of them prepare the same clone', async () => {
    write('node_modules/.package-lock.json', { packages: {} })
    write(
      'infra/setup/native.mjs',
      `
      import { appendFileSync } from 'node:fs'
      export async function setUpNative() {
        appendFileSync('turns', 'in ')
        await new Promise(resolve => setTimeout(resolve, 500))
        appendFileSync('turns', 'out ')
      }`,
    )
    const both = ['start', 'demo'].map((verb) =>
      spawn(process.execPath, ['infra/run.mjs', verb], { ...where(), stdio: 'ignore' }),
    )
    await Promise.all(both.map((child) => new Promise((resolve) => child.once('exit', resolve))))
    expect(readFileSync(join(clone, 'turns'), 'utf8')).toBe('in out in out ')
  })
})

describe('before a verb runs', () => {
  it.each([
    ['20.15.0', true],
    ['20.14.9', false],
    ['18.20.0', false],
    ['22.0.0', true],
  ])('Node %s: %s', (version, enough) => {
    const check = expect(() => prepare.checkNode(version))
    if (enough) check.not.toThrow()
    else check.toThrow(`Node ${version} is too old`)
  })

  it("packages count as installed if npm's record has everything in the lock file", () => {
    const root = mkdtempSync(join(tmpdir(), 'imclr-installed-'))
    const put = (path: string, packages: Record<string, unknown>): void => {
      mkdirSync(join(root, 'node_modules'), { recursive: true })
      writeFileSync(join(root, path), JSON.stringify({ packages }))
    }
    const zod = { version: '4.6.7', integrity: 'sha512-a' }
    put('package-lock.json', {
      '': {},
      'services/api': {},
      'node_modules/zod': zod,
      'node_modules/for-mac': { version: '1.0.0', optional: true },
    })
    expect(prepare.isInstalled(root)).toBe(false)
    put('node_modules/.package-lock.json', { 'node_modules/zod': zod })
    expect(prepare.isInstalled(root)).toBe(true)
    put('node_modules/.package-lock.json', { 'node_modules/zod': { ...zod, version: '4.6.6' } })
    expect(prepare.isInstalled(root)).toBe(false)
    put('node_modules/.package-lock.json', { 'node_modules/zod': { ...zod, integrity: 'sha512-b' } })
    expect(prepare.isInstalled(root)).toBe(false)
    put('node_modules/.package-lock.json', {})
    expect(prepare.isInstalled(root)).toBe(false)
    // Or if our own stamp names exactly this lock file.
    const stamp = (): void =>
      writeFileSync(
        join(root, 'node_modules/.imclr-installed'),
        createHash('sha256')
          .update(readFileSync(join(root, 'package-lock.json')))
          .digest('hex'),
      )
    stamp()
    expect(prepare.isInstalled(root)).toBe(true)
    put('package-lock.json', { 'node_modules/zod': zod, 'node_modules/another': zod })
    expect(prepare.isInstalled(root)).toBe(false)
    rmSync(root, { recursive: true })
  })
})
