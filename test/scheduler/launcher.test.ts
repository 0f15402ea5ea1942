import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { trainerProcessEnvironment } from '@imclr/contract'
import { processLauncher, processRunner, trainerEnvironment, type Launcher, type Runner } from '@imclr/scheduler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../support/parts.js'
import { trainingJobFile } from './trainingJobFile.js'

/** Real processes: small scripts of Node in the trainer's place. */
const workDir = makeFolder('launcher')
const environment = { PATH: process.env.PATH ?? '', SECRET_FREE: 'yes' }
let number = 0

function launcherOf(script: string, options: Partial<Parameters<typeof processLauncher>[0]> = {}): Launcher {
  return processLauncher({
    command: [process.execPath, '-e', script],
    environment,
    workDir,
    host: 'here',
    niceness: 0,
    devices: null,
    ...options,
  })
}
async function launch(launcher: Launcher): Promise<Runner> {
  return launcher.launch({ job: trainingJobFile({ jobId: `job_launched${++number}` }), slot: 1 })
}
const dataOf = (runner: Runner) => processRunner.parse(runner.data)
const wrote = (runner: Runner, file = 'events.jsonl'): Promise<string> =>
  readFile(join(dataOf(runner).folder, file), 'utf8')
const gone = (launcher: Launcher, runner: Runner) =>
  expect.poll(() => launcher.isRunning(runner), { timeout: 10_000, interval: 20 }).toBe(false)
const speaks = (runner: Runner, words: string) =>
  expect.poll(() => wrote(runner), { timeout: 10_000, interval: 20 }).toContain(words)

const listens =
  "process.on('SIGTERM', () => { console.log('term'); process.exit(0) }); process.on('SIGUSR2', () => { console.log('usr2'); process.exit(75) }); setInterval(() => {}, 1000); console.log('ready')"

beforeAll(() => mkdir(workDir, { recursive: true }))
afterAll(() => rm(workDir, { recursive: true, force: true }))

describe('the process launcher', () => {
  it('keeps output, errors and exit code of a trainer for a launcher that is opened later', async () => {
    const launcher = launcherOf("console.log('words'); console.error('errors'); process.exit(42)")
    const runner = await launch(launcher)
    const another = launcherOf('')
    await gone(another, runner)
    expect(await another.exit(runner)).toEqual({ code: 42, signal: null })
    expect(await wrote(runner)).toBe('words\n')
    expect(await another.readLogEnd(runner, 100)).toBe('errors\n')
  })

  it.each([
    ['stop', 'term', { code: 0, signal: null }],
    ['suspend', 'usr2', { code: 75, signal: null }],
  ] as const)('delivers the command to %s as a signal', async (command, words, exit) => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    await launcher.send(runner, command)
    await gone(launcher, runner)
    expect(await wrote(runner)).toBe(`ready\n${words}\n`)
    expect(await launcher.exit(runner)).toEqual(exit)
  })

  it('kills a trainer with all that it started', async () => {
    const launcher = launcherOf(
      "require('node:child_process').spawn('sleep', ['1000']); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')",
    )
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    await launcher.send(runner, 'kill')
    await gone(launcher, runner)
    expect(await launcher.list()).toEqual([])
  })

  it('still reaches a trainer whose supervisor was killed', async () => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    const { pid, folder } = dataOf(runner)
    process.kill(pid, 'SIGKILL')
    await expect
      .poll(async () => (await launcher.list()).map(({ runner: each }) => ({ ...dataOf(each), slot: each.slot })))
      .toMatchObject([{ pid, folder, slot: 1 }])
    expect(await launcher.isRunning(runner)).toBe(true)
    await launcher.send(runner, 'stop')
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

  it('does not take another process with the same id for its trainer', async () => {
    const launcher = launcherOf(listens)
    const runner = await launch(launcher)
    await speaks(runner, 'ready')
    const former = { ...runner, data: { ...dataOf(runner), startTime: 'an hour ago' } }
    expect(await launcher.isRunning(former)).toBe(false)
    await launcher.send(former, 'kill')
    expect(await launcher.isRunning(runner)).toBe(true)
    expect(await launcher.isRunning({ ...runner, data: { ...dataOf(runner), host: 'elsewhere' } })).toBe(false)
    await launcher.send(runner, 'kill')
    await gone(launcher, runner)
  })

  it('lists the trainers of its work folder, and of no other', async () => {
    const [launcher, stranger] = [launcherOf(listens), launcherOf(listens, { workDir: `${workDir}-other` })]
    const runner = await launch(launcher)
    expect(await launcher.list()).toEqual([{ jobId: `job_launched${number}`, attempt: 1, runner }])
    expect(await stranger.list()).toEqual([])
    await launcher.send(runner, 'kill')
    await gone(launcher, runner)
  })

  it('gives a trainer its device, its niceness and no other variables', async () => {
    const launcher = launcherOf(
      "console.log(process.env.CUDA_VISIBLE_DEVICES, require('node:os').getPriority(), Object.keys(process.env).filter((name) => !/^(IMCLR_TRAINER_|PWD$|OLDPWD$|SHLVL$|_$)/.test(name)).sort().join())",
      { niceness: 3, devices: ['4', '7'] },
    )
    const runner = await launch(launcher)
    await gone(launcher, runner)
    expect(await wrote(runner)).toBe('7 3 CUDA_VISIBLE_DEVICES,PATH,SECRET_FREE\n')
  })

  it('throws a failure where the trainer cannot be started', async () => {
    const file = join(workDir, 'a-file')
    await writeFile(file, '')
    await expect(launch(launcherOf('', { workDir: file }))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('the trainer could not be started') as string,
    })
  })
})

describe("a trainer's environment", () => {
  it('has the variables of the store and the engine, and no other secrets', () => {
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
