import { hostname } from 'node:os'
import { join } from 'node:path'
import { makeId, trainerEvent, type TrainerEvent } from '@imclr/contract'
import { claimJob, storeRunner, requestCancel } from '@imclr/database'
import {
  dockerLauncher,
  processLauncher,
  trainerEnvironment,
  type Launcher,
  type LauncherSettings,
  type Runner,
} from '@imclr/scheduler'
import { keys } from '@imclr/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomBytes } from 'node:crypto'
import { dockerEngine, engineTurnMs, importProtocolTrainer, makeFolder, minio, requirePart } from '../support/parts.js'
import { protocolTrainer } from '../support/spawnService.js'
import { ContainerEngine, containerLauncher } from './containerLauncher.js'
import { trainingJobFile } from './trainingJobFile.js'
import { flawsOf, lossesOf, openWorkshop, type Workshop } from './workshop.js'

/** A launcher under test, and all that has to be there for it. */
interface Bench extends AsyncDisposable {
  storeVariables?: Record<string, string> | undefined
  open(settings: LauncherSettings): Launcher
}

const launchers: Record<string, () => Promise<Bench>> = {
  processes: async () => ({ open: processLauncher, async [Symbol.asyncDispose]() {} }),
  'containers of a stand-in': async () => {
    const engine = new ContainerEngine(makeFolder('containers'))
    return {
      open: (settings) => containerLauncher(engine, settings),
      [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    }
  },
  ...(requirePart('dockerd') && { 'containers of Docker': dockerBench }),
}

async function dockerBench(): Promise<Bench> {
  const engine = await dockerEngine()
  await importProtocolTrainer(engine, 'trainer')
  const store = await minio(engine.gateway)
  const variables = { DOCKER_HOST: engine.host, IMCLR_TRAINER_IMAGE: 'trainer', IMCLR_TRAINER_NETWORK: engine.network }
  return {
    storeVariables: {
      OBJECT_STORE_URL: `s3://${store.bucket}?endpoint=${store.endpoint}&region=${store.region}`,
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    },
    open: (settings) => dockerLauncher({ ...settings, variables }),
    async [Symbol.asyncDispose]() {
      await store.stop()
      await engine.stop()
    },
  }
}

const long = { name: 'ms=20', epochs: 1000 }

/** Every launcher passes the same cases, with a trainer that keeps the protocol: by itself, and under a scheduler. */
describe.each(Object.entries(launchers))('a launcher of %s', (_, prepare) => {
  let bench: Bench
  let shop: Workshop
  /** Opens the launcher, as a scheduler does at each start. */
  let open: (workDir?: string) => Launcher
  const runners: Runner[] = []
  let launcher: Launcher

  beforeAll(async () => {
    bench = await prepare()
    shop = await openWorkshop({ storeVariables: bench.storeVariables })
    open = (workDir = join(shop.folder, 'work')) =>
      bench.open({
        command: [process.execPath, protocolTrainer],
        environment: { ...trainerEnvironment(process.env), ...shop.storeVariables },
        workDir,
        host: hostname(),
        niceness: 0,
        devices: null,
        variables: {},
      })
    launcher = open()
  }, engineTurnMs + 120_000)
  afterAll(async () => {
    for (const runner of runners) await launcher.send(runner, 'kill')
    await shop[Symbol.asyncDispose]()
    await bench[Symbol.asyncDispose]()
  })

  const launch = async (wanted: { name?: string; epochs?: number } = {}) => {
    const jobId = makeId('job', randomBytes(20))
    const runner = await launcher.launch({
      job: trainingJobFile({ jobId, projectId: shop.projectId, ...wanted }),
      slot: 0,
    })
    runners.push(runner)
    return { jobId, runner }
  }
  const ends = (runner: Runner, by = launcher) =>
    expect.poll(() => by.isRunning(runner), { timeout: 20_000, interval: 20 }).toBe(false)
  /** All that an ended trainer wrote. */
  async function output(runner: Runner, by = launcher): Promise<{ numbers: number[]; events: TrainerEvent[] }> {
    await using reader = await by.openEvents(runner)
    const lines = []
    for (let more = await reader.read({ last: true }); more.length > 0; more = await reader.read({ last: true }))
      lines.push(...more)
    return {
      numbers: lines.map(({ number }) => number),
      events: lines.map(({ text }) => trainerEvent.parse(JSON.parse(text))),
    }
  }
  /** Follows a trainer until its first checkpoint. */
  async function reachesCheckpoint(runner: Runner): Promise<void> {
    await using reader = await launcher.openEvents(runner)
    let text = ''
    const read = async () => (text += (await reader.read()).map((line) => line.text).join('\n'))
    await expect.poll(read, { timeout: 20_000, interval: 20 }).toContain('"type":"checkpoint"')
  }

  it('starts a job and delivers its events in order, to each reader from the first', async () => {
    const { runner } = await launch({ epochs: 2 })
    expect(await launcher.isRunning(runner)).toBe(true)
    await ends(runner)
    const first = await output(runner)
    expect(first.numbers).toEqual(first.numbers.map((_, index) => index + 1))
    const types = first.events.map(({ type }) => type)
    expect(types[0]).toBe('started')
    expect(types.filter((type) => type !== 'progress')).toEqual([
      'started',
      'epoch',
      'checkpoint',
      'epoch',
      'checkpoint',
      'evaluated',
      'output',
    ])
    expect(
      first.events.flatMap((event) => (event.type === 'progress' && event.phase === 'training' ? [event.done] : [])),
    ).toEqual(Array.from({ length: 8 }, (_, index) => index + 1))
    expect(await output(runner)).toEqual(first)
    await using reader = await launcher.openEvents(runner)
    expect(Math.abs(Date.now() - (await reader.lastWrite())!)).toBeLessThan(30_000)
  })

  it.each([
    ['do=exit:41', { code: 41, signal: null }],
    ['do=fail:LOSS_NOT_FINITE', { code: 30, signal: null }],
    ['do=kill', { code: null, signal: 'SIGKILL' }],
    ['x', { code: 0, signal: null }],
  ])('tells how a trainer ended (%s)', async (name, exit) => {
    const { runner } = await launch({ name, epochs: 2 })
    await ends(runner)
    expect(await launcher.exit(runner)).toEqual(exit)
  })

  it('delivers the unfinished last line of a trainer that was killed', async () => {
    const { runner } = await launch({ name: 'do=half at=1' })
    await ends(runner)
    await using reader = await launcher.openEvents(runner)
    const lines = []
    for (let more = await reader.read({ last: true }); more.length > 0; more = await reader.read({ last: true }))
      lines.push(...more)
    expect(lines.at(-1)!.text).toBe('{"type":"log","level":"info","mess')
  })

  it('gives the end of what a trainer wrote to standard error', async () => {
    const { runner } = await launch({ name: 'do=fail:NO_SUCH_FAILURE' })
    await ends(runner)
    expect(await launcher.readLogEnd(runner, 4000)).toContain('TypeError')
    expect((await launcher.readLogEnd(runner, 100)).length).toBeLessThanOrEqual(100)
  })

  it('stops a trainer: it keeps what it reached', async () => {
    const { runner } = await launch(long)
    await reachesCheckpoint(runner)
    await launcher.send(runner, 'stop')
    await ends(runner)
    expect((await output(runner)).events.at(-1)).toMatchObject({ type: 'output', endedEarly: 'stopped' })
    expect(await launcher.exit(runner)).toEqual({ code: 0, signal: null })
  })

  it('suspends a trainer: it leaves a checkpoint', async () => {
    const { runner } = await launch(long)
    await reachesCheckpoint(runner)
    await launcher.send(runner, 'suspend')
    await ends(runner)
    expect((await output(runner)).events.at(-1)).toMatchObject({ type: 'checkpoint' })
    expect(await launcher.exit(runner)).toEqual({ code: 75, signal: null })
  })

  it('kills a trainer that ignores the command to stop', async () => {
    const { runner } = await launch({ ...long, name: 'ms=20 do=deaf' })
    await reachesCheckpoint(runner)
    await launcher.send(runner, 'stop')
    await launcher.send(runner, 'kill')
    await ends(runner)
    expect(await launcher.exit(runner)).toMatchObject({ code: null })
    expect((await output(runner)).events.map(({ type }) => type)).not.toContain('output')
  })

  it('reaches a trainer after a restart, by the runner as it was stored', async () => {
    const { jobId, runner } = await launch(long)
    await reachesCheckpoint(runner)
    const [later, stored] = [open(), JSON.parse(JSON.stringify(runner)) as Runner]
    expect(later.owns(stored)).toBe(true)
    expect(await later.isRunning(stored)).toBe(true)
    expect(await later.list()).toContainEqual({ jobId, attempt: 1, runner })
    await later.send(stored, 'stop')
    await ends(stored, later)
    expect((await output(stored, later)).events[0]).toMatchObject({ type: 'started' })
    expect(await later.exit(stored)).toEqual({ code: 0, signal: null })
  })

  it('knows nothing more of a runner that is gone', async () => {
    const { jobId, runner } = await launch({ epochs: 1 })
    await ends(runner)
    await launcher.remove(runner)
    expect(await launcher.isRunning(runner)).toBe(false)
    expect((await launcher.list()).map((found) => found.jobId)).not.toContain(jobId)
    expect(await launcher.exit(runner)).toEqual({ code: null, signal: null })
    expect((await output(runner)).events).toEqual([])
    expect(await launcher.readLogEnd(runner, 100)).toBe('')
    await launcher.send(runner, 'stop')
    await launcher.remove(runner)
  })

  it('does not own the runners of another launcher or scheduler', async () => {
    const { runner } = await launch(long)
    const other = open(join(shop.folder, 'other'))
    expect(other.owns(runner)).toBe(false)
    expect(await other.list()).toEqual([])
    expect(launcher.owns({ ...runner, kind: 'another' })).toBe(false)
    await launcher.send(runner, 'kill')
    await ends(runner)
  })

  it('prunes what ended trainers left, except of the jobs to keep', async () => {
    const [kept, pruned] = [await launch({ epochs: 1 }), await launch({ epochs: 1 })]
    for (const { runner } of [kept, pruned]) await ends(runner)
    await launcher.prune(new Set([kept.jobId]))
    expect((await output(kept.runner)).events).not.toEqual([])
    expect((await output(pruned.runner)).events).toEqual([])
  })

  describe('under a scheduler', () => {
    const cancel = (jobId: string, mode: 'graceful' | 'now') =>
      shop.database.transaction((tx) => requestCancel(tx, { projectId: shop.projectId, jobId, mode }))

    /** A job as a scheduler leaves it that was killed: claimed, launched, and its runner stored. */
    async function leftRunning(name: string, epochs: number): Promise<{ jobId: string; runner: Runner }> {
      const jobId = await shop.train(name, { epochs })
      const owner = `here:${join(shop.folder, 'work')}`
      const outputPrefix = (job: { projectId: string; id: string; attempt: number }) =>
        keys.output(job.projectId, job.id, job.attempt)
      const { attempt } = (await claimJob(shop.database, { jobId, owner, leaseSeconds: 60, outputPrefix }))!
      const job = trainingJobFile({ jobId, attempt, projectId: shop.projectId, name, epochs })
      const runner = await launcher.launch({ job, slot: 0 })
      await storeRunner(shop.database, { jobId, attempt, owner }, { ...runner })
      return { jobId, runner }
    }

    it('runs a job to its model', async () => {
      const scheduler = await shop.start({ launcher: open() })
      const jobId = await shop.train('x', { epochs: 2 })
      expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1, failure: null })
      expect(flawsOf(await shop.events(jobId))).toEqual([])
      await scheduler.close()
    })

    it('cancels gracefully and at once', async () => {
      const scheduler = await shop.start({ launcher: open(), slots: 2 })
      const [graceful, now] = [await shop.train('ms=20', { epochs: 1000 }), await shop.train('ms=20', { epochs: 1000 })]
      for (const jobId of [graceful, now]) await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
      await cancel(graceful, 'graceful')
      await cancel(now, 'now')
      expect(await shop.ended(graceful)).toMatchObject({ state: 'canceled', endedEarly: 'canceled' })
      expect(await shop.ended(now)).toMatchObject({ state: 'canceled', endedEarly: null, modelId: null })
      await scheduler.close()
    })

    it('suspends when the scheduler closes; the next one continues from the checkpoint', async () => {
      const first = await shop.start({ launcher: open() })
      const jobId = await shop.train('ms=20', { epochs: 25 })
      await shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)
      await first.close()
      expect(await shop.job(jobId)).toMatchObject({ state: 'queued', failedAttempts: 0, runner: null })
      expect(await launcher.list()).toEqual([])
      const second = await shop.start({ launcher: open() })
      expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 0 })
      expect(lossesOf(await shop.events(jobId))).toHaveLength(25)
      await second.close()
    })

    it('adopts a trainer of a scheduler that was killed, while it runs and after it has ended', async () => {
      const [running, ended] = [await leftRunning('ms=20', 25), await leftRunning('x', 2)]
      await ends(ended.runner)
      const scheduler = await shop.start({ launcher: open() })
      for (const { jobId } of [ended, running]) {
        expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1, failedAttempts: 0 })
        expect(flawsOf(await shop.events(jobId))).toEqual([])
      }
      await scheduler.close()
    })

    it('tries a job again whose runner is gone', async () => {
      const { jobId, runner } = await leftRunning('ms=20', 10)
      await launcher.send(runner, 'kill')
      await ends(runner)
      await launcher.remove(runner)
      const scheduler = await shop.start({ launcher: open() })
      expect(await shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 1 })
      const retries = (await shop.events(jobId)).flatMap(({ event }) =>
        event.type === 'retry' ? [event.failure.code] : [],
      )
      expect(retries).toEqual(['TRAINER_DIED'])
      await scheduler.close()
    })
  })
})
