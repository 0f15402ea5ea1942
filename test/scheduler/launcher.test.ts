import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { trainerProcessEnvironment } from '@imclr/contract'
import { processLauncher, trainerEnvironment, type Launcher, type Runner } from '@imclr/scheduler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../support/parts.js'

/** Real processes: small scripts of Node in the trainer's place. */
const workRoot = makeFolder('launcher')
const environment = { PATH: process.env.PATH ?? '', SECRET_FREE: 'yes' }
let number = 0

function launcherOf(script: string, options: Partial<Parameters<typeof processLauncher>[0]> = {}): Launcher {
  return processLauncher({
    command: [process.execPath, '-e', script],
    environment,
    workRoot,
    host: 'here',
    niceness: 0,
    devices: null,
    ...options,
  })
}
async function launch(launcher: Launcher): Promise<Runner> {
  const [jobId, attempt] = [`job_launched${++number}`, 1]
  const workDir = join(workRoot, jobId, String(attempt))
  await mkdir(workDir, { recursive: true })
  await writeFile(join(workDir, 'job.json'), '{}')
  return launcher.launch({ jobId, attempt, workDir, slot: 1 })
}
const wrote = (runner: Runner, file = 'events.jsonl'): Promise<string> => readFile(join(runner.workDir, file), 'utf8')
const gone = (launcher: Launcher, runner: Runner) =>
  expect.poll(() => launcher.isAlive(runner), { timeout: 10_000, interval: 20 }).toBe(false)
const speaks = (runner: Runner, words: string) =>
  expect.poll(() => wrote(runner), { timeout: 10_000, interval: 20 }).toContain(words)

const listens =
  "process.on('SIGTERM', () => { console.log('term'); process.exit(0) }); process.on('SIGUSR2', () => { console.log('usr2'); process.exit(75) }); setInterval(() => {}, 1000); console.log('ready')"

beforeAll(() => mkdir(workRoot, { recursive: true }))
afterAll(() => rm(workRoot, { recursive: true, force: true }))

describe('the process launcher', () => {
  it('gives words, errors and exit code of a trainer to files, whoever asks later', async () => {
    const launcher = launcherOf("console.log('words'); console.error('errors'); process.exit(42)")
    const runner = await launch(launcher)
    const another = launcherOf('')
    await gone(another, runner)
    expect(await another.exit(runner)).toEqual({ code: 42, signal: null })
    expect(await wrote(runner)).toBe('words\n')
    expect(await wrote(runner, 'log.txt')).toBe('errors\n')
  })

  it.each([
    ['stop', 'term', { code: 0, signal: null }],
    ['suspend', 'usr2', { code: 75, signal: null }],
  ] as const)('lets a trainer hear the order to %s', async (order, words, exit) => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    await launcher.signal(runner, order)
    await gone(launcher, runner)
    expect(await wrote(runner)).toBe(`ready\n${words}\n`)
    expect(await launcher.exit(runner)).toEqual(exit)
  })

  it('ends all of it by force', async () => {
    const launcher = launcherOf(
      "require('node:child_process').spawn('sleep', ['1000']); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')",
    )
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    await launcher.signal(runner, 'kill')
    await gone(launcher, runner)
    expect(await launcher.list()).toEqual([])
  })

  it('knows a trainer whose keeper was killed, and can still give it orders', async () => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    process.kill(runner.pid, 'SIGKILL')
    await expect
      .poll(async () => (await launcher.list()).map(({ runner: { pid, workDir, slot } }) => ({ pid, workDir, slot })))
      .toEqual([{ pid: runner.pid, workDir: runner.workDir, slot: 1 }])
    expect(await launcher.isAlive(runner)).toBe(true)
    await launcher.signal(runner, 'stop')
    await gone(launcher, runner)
    expect(await wrote(runner)).toBe('ready\nterm\n')
    expect(await launcher.exit(runner)).toEqual({ code: null, signal: null })
  })

  it('tells the signal that ended a trainer', async () => {
    const launcher = launcherOf("process.kill(process.pid, 'SIGKILL')")
    const runner = await launch(launcher)
    await gone(launcher, runner)
    expect(await launcher.exit(runner)).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('does not take another process with the same number for it', async () => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    const former = { ...runner, startTime: 'an hour ago' }
    expect(await launcher.isAlive(former)).toBe(false)
    await launcher.signal(former, 'kill')
    expect(await launcher.isAlive(runner)).toBe(true)
    expect(await launcher.isAlive({ ...runner, host: 'elsewhere' })).toBe(false)
    await launcher.signal(runner, 'kill')
    await gone(launcher, runner)
  })

  it('finds what it launched by what it carries, and nothing of another work folder', async () => {
    const [launcher, stranger] = [launcherOf(listens), launcherOf(listens, { workRoot: `${workRoot}-other` })]
    const runner = await launch(launcher)
    expect(await launcher.list()).toEqual([{ jobId: `job_launched${number}`, attempt: 1, runner }])
    expect(await stranger.list()).toEqual([])
    await launcher.signal(runner, 'kill')
    await gone(launcher, runner)
  })

  it('gives a trainer its device and steps back as told', async () => {
    const launcher = launcherOf(
      "console.log(process.env.CUDA_VISIBLE_DEVICES, require('node:os').getPriority(), Object.keys(process.env).filter((name) => !/^(IMCLR_TRAINER_|PWD$|OLDPWD$|SHLVL$|_$)/.test(name)).sort().join())",
      { niceness: 3, devices: ['4', '7'] },
    )
    const runner = await launch(launcher)
    await gone(launcher, runner)
    expect(await wrote(runner)).toBe('7 3 CUDA_VISIBLE_DEVICES,PATH,SECRET_FREE\n')
  })

  it('fails by name where nothing can be started', async () => {
    const launcher = launcherOf('')
    await expect(
      launcher.launch({ jobId: 'job_x', attempt: 1, workDir: join(workRoot, 'missing'), slot: 0 }),
    ).rejects.toThrow()
  })
})

describe("a trainer's environment", () => {
  it('has the store and the engine, and none of the secrets that are not its business', () => {
    const given = {
      PATH: '/bin',
      OBJECT_STORE_URL: 's3://b',
      AWS_SECRET_ACCESS_KEY: 's',
      TF_ENABLE_ONEDNN_OPTS: '1',
      IMCLR_LIBTENSORFLOW: '/tf',
      DATABASE_URL: 'postgres://secret',
      QUEUE_URL: 'redis://secret',
      IMCLR_SIGNING_KEY: 'secret',
      GITHUB_TOKEN: 'secret',
      IMCLR_API_KEY: 'secret',
      UNDEFINED: undefined,
    }
    expect(trainerEnvironment(given)).toEqual({
      PATH: '/bin',
      OBJECT_STORE_URL: 's3://b',
      AWS_SECRET_ACCESS_KEY: 's',
      TF_ENABLE_ONEDNN_OPTS: '1',
      IMCLR_LIBTENSORFLOW: '/tf',
      ...trainerProcessEnvironment,
    })
    expect(trainerEnvironment({ GLIBC_TUNABLES: 'of mine' })).toEqual({ GLIBC_TUNABLES: 'of mine' })
    const documented = {
      IMCLR_THREADS: '1',
      IMCLR_BATCH_WORKERS: '0',
      AWS_PROFILE: 'lab',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/token',
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/x',
    }
    expect(trainerEnvironment(documented)).toEqual({ ...documented, ...trainerProcessEnvironment })
  })
})
