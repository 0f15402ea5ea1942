import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const realCache = process.env.IMCLR_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'imclr')
const folder = mkdtempSync(join(tmpdir(), 'imclr-setup-'))
const clone = join(folder, 'clone')
const cache = join(folder, 'cache')
const addon = join(clone, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node')

/**
 * Makes a separate clone, so that no test here touches the engine of other tests. It has links to all packages and a
 * copy of the engine's.
 */
function makeClone(): void {
  mkdirSync(join(clone, 'services/trainer'), { recursive: true })
  cpSync(join(root, 'infra/setup'), join(clone, 'infra/setup'), { recursive: true })
  cpSync(join(root, 'infra/run'), join(clone, 'infra/run'), { recursive: true })
  cpSync(join(root, 'services/trainer/package.json'), join(clone, 'services/trainer/package.json'))
  mkdirSync(join(clone, 'node_modules/@tensorflow'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@tensorflow' && !name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(clone, 'node_modules', name))
  for (const name of readdirSync(join(root, 'node_modules/@tensorflow')))
    if (name !== 'tfjs-node-gpu')
      symlinkSync(join(root, 'node_modules/@tensorflow', name), join(clone, 'node_modules/@tensorflow', name))
  cpSync(join(root, 'node_modules/@tensorflow/tfjs-node-gpu'), join(clone, 'node_modules/@tensorflow/tfjs-node-gpu'), {
    recursive: true,
    filter: (path) => !path.endsWith('/lib'),
  })
  // The unpacked wheel comes from the machine's cache: nothing is downloaded here.
  mkdirSync(cache)
  symlinkSync(join(realCache, 'tensorflow'), join(cache, 'tensorflow'))
}

interface Outcome {
  code: number | null
  text: string
  seconds: number
}

/**
 * Starts a set-up (or another of its programs). As soon as it prints `until`, it is killed by SIGKILL with all its
 * children.
 */
function run({
  program = 'native.mjs',
  args = [],
  env = {},
  until,
  nodeArgs = [],
}: {
  program?: string
  args?: string[]
  env?: NodeJS.ProcessEnv
  until?: string
  nodeArgs?: string[]
} = {}): Promise<Outcome> {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeArgs, join(clone, 'infra/setup', program), ...args], {
    env: { ...process.env, IMCLR_CACHE: cache, IMCLR_LIBTENSORFLOW: '', IMCLR_GPU: 'off', ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
      if (until && text.includes(until)) process.kill(-child.pid!, 'SIGKILL')
    })
  }
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, text, seconds: (performance.now() - began) / 1000 })),
  )
}

/** A folder for PATH with only these programs. */
function pathWith(name: string, programs: Record<string, string>): string {
  const bin = join(folder, name)
  mkdirSync(bin)
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, program), 0o755)
  }
  return bin
}

// The interpreter itself, because PATH may hold a script of a version manager.
const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout.trim()

beforeAll(makeClone)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the set-up of the native engine', () => {
  it('is repaired by the next run after a kill -9 in the middle; two at once build once', async () => {
    const killed = await run({ until: 'compiling the addon' })
    expect(killed.code).toBeNull()
    expect(existsSync(addon)).toBe(false)
    expect(existsSync(join(cache, 'setup.lock'))).toBe(true)

    const both = await Promise.all([run(), run()])
    expect(
      both.map(({ code }) => code),
      both.map(({ text }) => text).join('\n'),
    ).toEqual([0, 0])
    expect(both.filter(({ text }) => text.includes('compiling the addon'))).toHaveLength(1)
    expect(both.filter(({ text }) => text.includes('another set-up is at work'))).toHaveLength(1)
    expect(both.some(({ text }) => text.includes('it learns: TensorFlow 2.21'))).toBe(true)
    expect(readdirSync(cache).sort()).toEqual([
      'addon',
      'tensorflow',
      ...(existsSync(join(cache, 'tmp')) ? ['tmp'] : []),
    ])
    expect(existsSync(join(cache, 'tmp')) ? readdirSync(join(cache, 'tmp')) : []).toEqual([])
  }, 240_000)

  it('does nothing when it is done', async () => {
    const before = statSync(addon).mtimeMs
    const { code, text } = await run()
    expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/^engine is set up \(.*\)\n$/) })
    expect(statSync(addon).mtimeMs).toBe(before)
  })

  it('replaces a damaged addon from the cache, and proves it', async () => {
    truncateSync(addon, 1000)
    const { code, text } = await run()
    expect(code, text).toBe(0)
    expect(text).toContain('it learns')
    expect(text).not.toContain('compiling')
    expect(statSync(addon).size).toBeGreaterThan(50_000)
  })

  it('proves an addon that was placed but not proven', async () => {
    rmSync(join(addon, '..', 'imclr-engine.json'))
    expect((await run()).text).toContain('it learns')
  })

  it("passes the doctor's examination", async () => {
    const { code, text } = await run({ program: 'doctor.mjs', args: ['--json'] })
    const report = JSON.parse(text) as { ok: boolean; findings: { name: string; state: string; value: string }[] }
    expect(code, text).toBe(0)
    expect(report.ok).toBe(true)
    expect(report.findings.find(({ name }) => name === 'engine')).toMatchObject({
      state: 'ok',
      value: expect.stringMatching(/TensorFlow 2\.21.*oneDNN on.*one training step done/),
    })
    expect(report.findings.map(({ name }) => name)).toEqual([
      'processor',
      'instructions',
      'bfloat16',
      'memory',
      'disk',
      'node',
      'python',
      'compiler',
      'engine',
      'gpu',
    ])
  })
})

describe('a failure names its fix and leaves nothing behind', () => {
  const emptyCache = join(folder, 'empty')
  const cases: [string, () => Parameters<typeof run>[0], RegExp, RegExp][] = [
    [
      'no compiler',
      () => ({
        env: { PATH: pathWith('no-compiler', { python3: `exec ${python} "$@"` }), CXX: '', IMCLR_CACHE: linkedCache() },
      }),
      /no-compiler.*no C\+\+ compiler/,
      /apt-get install -y g\+\+[^]*dnf install -y gcc-c\+\+[^]*apk add g\+\+/,
    ],
    [
      'no Python',
      () => ({ env: { PATH: pathWith('no-python', { 'g++': 'exec /usr/bin/g++ "$@"' }) } }),
      /no-python.*no Python 3/,
      /apt-get install -y python3 python3-pip/,
    ],
    [
      'no pip',
      () => ({
        env: { PATH: pathWith('no-pip', { 'g++': 'exec /usr/bin/g++ "$@"', python3: `exec ${python} -S "$@"` }) },
      }),
      /no-pip.*has no pip/,
      /apt-get install -y python3-pip/,
    ],
    [
      'no network',
      () => ({ env: { PIP_CONFIG_FILE: '/dev/null', PIP_FIND_LINKS: '', PIP_INDEX_URL: 'http://127.0.0.1:9/simple' } }),
      /no-network.*could not reach/,
      /HTTPS_PROXY[^]*IMCLR_LIBTENSORFLOW/,
    ],
    [
      'an index without the wheel',
      () => ({ env: { PIP_CONFIG_FILE: '/dev/null', PIP_FIND_LINKS: '', PIP_NO_INDEX: '1' } }),
      /no-wheel.*found no tensorflow-cpu 2\.21\.0/,
      /PIP_INDEX_URL/,
    ],
    [
      "another file under the wheel's name",
      () => ({ env: { PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', PIP_FIND_LINKS: changedWheel() } }),
      /wrong-hash.*sha256/,
      /PIP_INDEX_URL/,
    ],
    [
      'a wrong architecture',
      () => ({ nodeArgs: ['--import', 'data:text/javascript,Object.defineProperty(process,"arch",{value:"ia32"})'] }),
      /wrong-platform.*no wheel for linux-ia32/,
      /Linux on x64/,
    ],
    [
      'a wrong IMCLR_LIBTENSORFLOW',
      () => ({ env: { IMCLR_LIBTENSORFLOW: folder } }),
      /bad-libtensorflow.*lacks libtensorflow_cc/,
      /unset IMCLR_LIBTENSORFLOW/,
    ],
  ]
  it.each(cases)('%s', async (_, options, problem, fix) => {
    rmSync(addon, { force: true })
    const { env, ...rest } = options()!
    const outcome = await run({ ...rest, env: { IMCLR_CACHE: emptyCache, ...env } })
    expect(outcome.code, outcome.text).toBe(1)
    expect(outcome.text).toMatch(problem)
    expect(outcome.text.slice(outcome.text.indexOf('fix:'))).toMatch(fix)
    expect(existsSync(addon)).toBe(false)
    for (const place of ['tmp', 'tensorflow'])
      if (existsSync(join(emptyCache, place))) expect(readdirSync(join(emptyCache, place))).toEqual([])
    expect(existsSync(join(emptyCache, 'setup.lock'))).toBe(false)
  })

  // Root may mount small disks, in a mount namespace of the process's own.
  const disks: [string, { place: () => string; mount: string; cache?: () => string }, RegExp][] = [
    [
      'a full disk, seen before the download',
      { place: () => join(folder, 'small'), mount: 'size=20m' },
      /disk-full.*MB free[^]*fix: .*IMCLR_CACHE/,
    ],
    [
      'a disk that is full while it compiles',
      { place: () => join(folder, 'tiny'), mount: 'size=64k' },
      /disk-full\): no space left in \S+tiny\n {2}fix: .*IMCLR_CACHE/,
    ],
    [
      'a clone on a full disk',
      { place: () => join(addon, '../..'), mount: 'size=40k', cache: () => cache },
      /disk-full\): no space left in \S+tfjs-node-gpu\n {2}fix: free/,
    ],
    [
      'a clone that cannot be written',
      { place: () => join(addon, '..'), mount: 'ro', cache: () => cache },
      /no-access\): \S+tfjs-node-gpu cannot be written \(EROFS\)\n {2}fix: run/,
    ],
    [
      'a cache that cannot be written',
      { place: () => join(folder, 'locked'), mount: 'ro' },
      /no-access\): \S+locked cannot be written \(EROFS\)\n {2}fix: .*IMCLR_CACHE/,
    ],
  ]
  it.skipIf(process.getuid?.() !== 0).each(disks)(
    '%s (skipped unless root)',
    async (name, { place, mount, cache: kept = place }, words) => {
      rmSync(addon, { force: true })
      mkdirSync(place(), { recursive: true })
      const library = name.includes('compiles') ? `ln -s ${join(realCache, 'tensorflow')} ${place()}/tensorflow &&` : ''
      const mountAndRun = `mount -t tmpfs -o ${mount} none ${place()} && ${library} exec ${process.execPath} ${join(clone, 'infra/setup/native.mjs')}`
      const child = spawn('unshare', ['-m', 'sh', '-c', mountAndRun], {
        env: { ...process.env, IMCLR_CACHE: kept(), IMCLR_LIBTENSORFLOW: '', IMCLR_GPU: 'off' },
      })
      let text = ''
      child.stderr.on('data', (chunk) => (text += chunk))
      const code = await new Promise((resolve) => child.on('close', resolve))
      expect({ code, text }).toMatchObject({ code: 1, text: expect.stringMatching(words) })
    },
    120_000,
  )

  it("and shows in the doctor's output, with what to do", async () => {
    rmSync(addon, { force: true })
    const { code, text } = await run({ program: 'doctor.mjs' })
    expect(code).toBe(1)
    expect(text).toMatch(/MISSING engine +not set up\n +fix: npm run setup/)
  })

  /** A cache with the library, so that only the compiler is missing. */
  function linkedCache(): string {
    const place = join(folder, 'linked')
    mkdirSync(place)
    symlinkSync(join(realCache, 'tensorflow'), join(place, 'tensorflow'))
    return place
  }

  /** A folder with a well-formed wheel that has the right name but is not the pinned one. */
  function changedWheel(): string {
    const wheels = join(folder, 'wheels')
    mkdirSync(join(wheels, 'tensorflow_cpu-2.21.0.dist-info'), { recursive: true })
    const info = (name: string, text: string) =>
      writeFileSync(join(wheels, 'tensorflow_cpu-2.21.0.dist-info', name), text)
    info('METADATA', 'Metadata-Version: 2.1\nName: tensorflow-cpu\nVersion: 2.21.0\n')
    info(
      'WHEEL',
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_27_x86_64\n',
    )
    info('RECORD', '')
    const script =
      'import os, sys, zipfile\nos.chdir(sys.argv[1])\nwith zipfile.ZipFile("tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl", "w") as z:\n  for n in ("METADATA", "WHEEL", "RECORD"): z.write("tensorflow_cpu-2.21.0.dist-info/" + n)\n'
    writeFileSync(join(folder, 'wheel.py'), script)
    const made = spawnSync(python, [join(folder, 'wheel.py'), wheels])
    expect(made.status, String(made.stderr)).toBe(0)
    return wheels
  }
})
