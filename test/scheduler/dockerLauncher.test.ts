import { hostname } from 'node:os'
import { join } from 'node:path'
import { dockerLauncher, trainerEnvironment, type Launcher, type RunningScheduler } from '@imclr/scheduler'
import { requestCancel } from '@imclr/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  dockerEngine,
  engineTurnMs,
  importProtocolTrainer,
  minio,
  requirePart,
  type DockerEngine,
  type EngineOptions,
} from '../support/parts.js'
import { trainingJobFile } from './trainingJobFile.js'
import { flawsOf, lossesOf, openWorkshop, type Workshop } from './workshop.js'

/** What happens to trainers in containers of a real Docker engine, beyond what every launcher has to do. */
const skipped = !requirePart('dockerd')

interface Site extends AsyncDisposable {
  engine: DockerEngine
  shop: Workshop
  /** A launcher of the scheduler that works in this folder. */
  open(options?: { workDir?: string; variables?: Record<string, string> }): Launcher
}

async function openSite(options: EngineOptions = {}): Promise<Site> {
  const engine = await dockerEngine(options)
  await importProtocolTrainer(engine, 'trainer')
  const store = await minio(engine.gateway)
  const shop = await openWorkshop({
    storeVariables: {
      OBJECT_STORE_URL: `s3://${store.bucket}?endpoint=${store.endpoint}&region=${store.region}`,
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    },
  })
  return {
    engine,
    shop,
    open: ({ workDir = join(shop.folder, 'work'), variables = {} } = {}) =>
      dockerLauncher({
        command: [process.execPath],
        environment: { ...trainerEnvironment(process.env), ...shop.storeVariables },
        workDir,
        host: hostname(),
        niceness: 0,
        devices: null,
        variables: {
          DOCKER_HOST: engine.host,
          IMCLR_TRAINER_IMAGE: 'trainer',
          IMCLR_TRAINER_NETWORK: engine.network,
          ...variables,
        },
      }),
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]()
      await store.stop()
      await engine.stop()
    },
  }
}

/** The scheduler, closed at the end of a test however it ends. */
async function closing(starting: Promise<RunningScheduler>): Promise<RunningScheduler & AsyncDisposable> {
  const scheduler = await starting
  return { ...scheduler, [Symbol.asyncDispose]: () => scheduler.close() }
}

const containers = async ({ engine }: Site): Promise<string[]> =>
  (await engine.docker('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => name !== '')
const retriesOf = async ({ shop }: Site, jobId: string) =>
  (await shop.events(jobId)).flatMap(({ event }) => (event.type === 'retry' ? [event.failure.code] : []))
const reachesCheckpoint = ({ shop }: Site, jobId: string) =>
  shop.until(jobId, ({ lastCheckpoint }) => lastCheckpoint !== null)

describe.skipIf(skipped)('trainers in containers of Docker', () => {
  let site: Site
  let undisturbed: number[]
  beforeAll(async () => {
    site = await openSite()
    await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
    const jobId = await site.shop.train('ms=1', { epochs: 100 })
    await site.shop.ended(jobId)
    undisturbed = lossesOf(await site.shop.events(jobId))
    await scheduler.close()
  }, engineTurnMs + 120_000)
  afterAll(() => site[Symbol.asyncDispose]())

  it('have no right, file, device or address that they do not need', async () => {
    const launcher = site.open({ variables: { IMCLR_TRAINER_MEMORY: '256m', IMCLR_TRAINER_CPUS: '1.5' } })
    const runner = await launcher.launch({ job: trainingJobFile({ jobId: 'job_hardened', name: 'ms=50' }), slot: 0 })
    const name = (runner.data as { name: string }).name
    const [found] = JSON.parse(await site.engine.docker('inspect', name)) as [Record<string, Record<string, unknown>>]
    expect(found.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: null,
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      Binds: null,
      Devices: null,
      DeviceRequests: null,
      PidsLimit: 2048,
      Memory: 256 * 2 ** 20,
      MemorySwap: 256 * 2 ** 20,
      NanoCpus: 1.5e9,
      ShmSize: 2 ** 30,
      NetworkMode: 'inner',
      PidMode: '',
      IpcMode: 'private',
      RestartPolicy: { Name: 'no' },
      Init: true,
    })
    expect(found.Config).toMatchObject({
      User: '1000:1000',
      Labels: { 'org.imclr.job': 'job_hardened', 'org.imclr.attempt': '1', 'org.imclr.slot': '0' },
    })
    const status = (await site.engine.docker('exec', name, process.execPath, '-p', readStatus)).trim()
    expect(status).toBe('CapEff:\t0000000000000000 NoNewPrivs:\t1')
    const write = `try { require('fs').writeFileSync('/x', '') } catch (error) { process.stdout.write(error.code) }`
    expect(await site.engine.docker('exec', name, process.execPath, '-e', write)).toBe('EROFS')
    await launcher.send(runner, 'kill')
    await launcher.remove(runner)
  })

  it('reach the store and nothing behind their network', async () => {
    await site.engine.docker('network', 'create', 'other')
    const listens = "require('net').createServer().listen(9, '0.0.0.0')"
    const run = ['run', '--detach', '--entrypoint', process.execPath]
    await site.engine.docker(...run, '--network', 'other', '--name', 'listener', 'trainer', '-e', listens)
    const address = (
      await site.engine.docker('inspect', 'listener', '--format', '{{.NetworkSettings.Networks.other.IPAddress}}')
    ).trim()
    const tries = (host: string, port: string): string =>
      `const socket = require('net').connect({ host: '${host}', port: ${port}, timeout: 2000 });` +
      `socket.on('connect', () => { console.log('connected'); process.exit() })` +
      `.on('error', ({ code }) => { console.log(code); process.exit() }).on('timeout', () => { console.log('no answer'); process.exit() })`
    const connect = async (host: string, port: string, network: string): Promise<string> =>
      (
        await site.engine.docker(
          ...[
            'run',
            '--rm',
            '--entrypoint',
            process.execPath,
            '--network',
            network,
            'trainer',
            '-e',
            tries(host, port),
          ],
        )
      ).trim()
    expect(await connect(address, '9', 'other')).toBe('connected')
    expect(['ENETUNREACH', 'EHOSTUNREACH', 'no answer']).toContain(await connect(address, '9', site.engine.network))
    const { hostname: store, port } = new URL(
      new URL(site.shop.storeVariables.OBJECT_STORE_URL!).searchParams.get('endpoint')!,
    )
    expect(await connect(store, port, site.engine.network)).toBe('connected')
    await site.engine.docker('rm', '-f', 'listener')
  })

  it('that use up their memory fail with OUT_OF_MEMORY, and are not tried again', async () => {
    const launcher = site.open({ variables: { IMCLR_TRAINER_MEMORY: '192m' } })
    await using scheduler = await closing(site.shop.start({ launcher }))
    const ended = await site.shop.ended(await site.shop.train('do=hog', { epochs: 4 }))
    expect(ended).toMatchObject({ state: 'failed', attempt: 1, failure: { code: 'OUT_OF_MEMORY' } })
    await scheduler.close()
  })

  it('whose image is neither there nor to be had fail with its name', async () => {
    const launcher = site.open({ variables: { IMCLR_TRAINER_IMAGE: '127.0.0.1:9/nobody/has:this' } })
    await using scheduler = await closing(site.shop.start({ launcher }))
    const ended = await site.shop.ended(await site.shop.train('x', { limits: { maxAttempts: 2 } }))
    expect(ended).toMatchObject({ state: 'failed', attempt: 2, failure: { code: 'IMAGE_UNAVAILABLE' } })
    expect(ended.failure!.message).toContain('127.0.0.1:9/nobody/has:this')
    await scheduler.close()
  })

  it('that were paused are cancelled, and stalled ones are tried again', async () => {
    await using scheduler = await closing(site.shop.start({ launcher: site.open(), stallSeconds: 8 }))
    const jobId = await site.shop.train('ms=20', { epochs: 100 })
    await reachesCheckpoint(site, jobId)
    await site.engine.docker('pause', `imclr-${jobId}-1`)
    expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 1 })
    expect(await retriesOf(site, jobId)).toEqual(['TRAINER_STALLED'])
    const canceled = await site.shop.train('ms=20', { epochs: 1000 })
    await reachesCheckpoint(site, canceled)
    await site.engine.docker('pause', `imclr-${canceled}-1`)
    await site.shop.database.transaction((tx) =>
      requestCancel(tx, { projectId: site.shop.projectId, jobId: canceled, mode: 'now' }),
    )
    expect(await site.shop.ended(canceled)).toMatchObject({ state: 'canceled' })
    await scheduler.close()
    expect(await containers(site)).toEqual([])
  })

  it.each([
    ['killed', ['kill']],
    ['removed', ['rm', '-f']],
  ])('that were %s by hand go on from their checkpoint', async (_, command) => {
    await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
    const jobId = await site.shop.train('ms=20', { epochs: 100 })
    await reachesCheckpoint(site, jobId)
    await site.engine.docker(...command, `imclr-${jobId}-1`)
    expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 1 })
    expect(await retriesOf(site, jobId)).toEqual(['TRAINER_DIED'])
    const events = await site.shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events)).toEqual(undisturbed)
    await scheduler.close()
    expect(await containers(site)).toEqual([])
  })

  it('that were made and never started are replaced, or removed where their job has ended', async () => {
    const jobId = await site.shop.train('x', { epochs: 2 })
    const label = `org.imclr.scheduler=${hostname()}:${join(site.shop.folder, 'work')}`
    const create = (name: string, job: string) =>
      site.engine.docker('create', '--name', name, '--label', label, '--label', `org.imclr.job=${job}`, 'trainer', 'x')
    await create(`imclr-${jobId}-1`, jobId)
    await create('imclr-job_forgotten-1', 'job_forgotten')
    await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
    expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1 })
    await expect.poll(() => containers(site), { timeout: 10_000 }).toEqual([])
    await scheduler.close()
  })

  it('of two schedulers on one engine do not meet', async () => {
    const [one, two] = ['one', 'two'].map((name) => join(site.shop.folder, name))
    await using first = await closing(
      site.shop.start({ workDir: one!, owner: 'one', launcher: site.open({ workDir: one! }) }),
    )
    await using second = await closing(
      site.shop.start({ workDir: two!, owner: 'two', launcher: site.open({ workDir: two! }) }),
    )
    const jobs = [await site.shop.train('ms=20', { epochs: 100 }), await site.shop.train('ms=20', { epochs: 100 })]
    for (const jobId of jobs)
      expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1, failedAttempts: 0 })
    await first.close()
    await second.close()
    expect(await containers(site)).toEqual([])
  })

  it('that die with their engine are tried again when it is back', async () => {
    await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
    const jobId = await site.shop.train('ms=20', { epochs: 400 })
    await reachesCheckpoint(site, jobId)
    await site.engine.crash()
    expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 2, failedAttempts: 1 })
    const events = await site.shop.events(jobId)
    expect(flawsOf(events)).toEqual([])
    expect(lossesOf(events).slice(0, 100)).toEqual(undisturbed)
    await scheduler.close()
    expect(await containers(site)).toEqual([])
  }, 150_000)
})

describe.skipIf(skipped)('trainers in containers of an engine with live restore', () => {
  it(
    'go on while their engine is away, and none of their lines is lost',
    async () => {
      await using site = await openSite({ liveRestore: true })
      await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
      const jobId = await site.shop.train('ms=20', { epochs: 200 })
      await reachesCheckpoint(site, jobId)
      await site.engine.crash()
      expect(await site.shop.ended(jobId)).toMatchObject({ state: 'succeeded', attempt: 1, failedAttempts: 0 })
      const events = await site.shop.events(jobId)
      expect(flawsOf(events)).toEqual([])
      expect(lossesOf(events)).toHaveLength(200)
      await scheduler.close()
      expect(await containers(site)).toEqual([])
    },
    engineTurnMs + 120_000,
  )
})

describe.skipIf(skipped)('trainers in containers of an engine whose disk is full', () => {
  it(
    'fail with DISK_FULL',
    async () => {
      await using site = await openSite({ disk: '700m' })
      await site.engine.shell('head -c 1G /dev/zero >"$1/ballast" || true')
      await using scheduler = await closing(site.shop.start({ launcher: site.open() }))
      const ended = await site.shop.ended(await site.shop.train('x', { epochs: 2 }))
      expect(ended).toMatchObject({ state: 'failed', failure: { code: 'DISK_FULL' } })
      await site.engine.shell('rm "$1/ballast"')
      await scheduler.close()
      await expect.poll(() => containers(site)).toEqual([])
    },
    engineTurnMs + 120_000,
  )
})

const readStatus =
  "require('fs').readFileSync('/proc/self/status', 'utf8').split('\\n').filter((line) => /^(CapEff|NoNewPrivs)/.test(line)).join(' ')"
