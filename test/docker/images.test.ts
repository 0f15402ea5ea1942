/** The project's images, built by a real engine from the project's Dockerfiles, and run as they are meant to be run. */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@imclr/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  baseImages,
  dockerEngine,
  freePort,
  makeFolder,
  minio,
  postgres,
  requirePart,
  type DockerEngine,
} from '../support/parts.js'
import { smallArchive } from '../support/smallArchive.js'

const root = join(import.meta.dirname, '../..')
/** With what `docker build` is told besides. */
const images = { api: [], scheduler: [], standalone: [], trainer: ['--target', 'cpu'] } as const
type ImageName = keyof typeof images
const names = Object.keys(images) as ImageName[]
const tag = (name: ImageName): string => `imclr-${name}`
const dockerfile = (name: ImageName): string => `docker/${name}.Dockerfile`

describe('the Dockerfiles', () => {
  it('begin with the same steps, which an engine carries out once', () => {
    const beginnings = names.map((name) => {
      const text = readFileSync(join(root, dockerfile(name)), 'utf8')
      const stages = text.slice(text.indexOf('ARG NODE_IMAGE')).split(/^(?=# |FROM )/m)
      return stages.slice(0, stages.findIndex((stage) => stage.includes('AS build')) + 1)
    })
    expect(beginnings[0]!.length).toBeGreaterThan(3)
    expect(new Set(beginnings.map((stages) => stages.join(''))).size).toBe(1)
  })
})

const missing = (['dockerd', 'docker', 'debianImage', 'postgres', 'minio'] as const).filter(
  (part) => !requirePart(part),
)

describe.skipIf(missing.length > 0)('the images', () => {
  let engine: DockerEngine
  let docker: DockerEngine['docker']
  const started = performance.now()
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0)

  beforeAll(async () => {
    engine = await dockerEngine({ networks: false })
    ;({ docker } = engine)
    const mirrors = await baseImages(engine)
    for (const name of names) {
      await docker(
        ...['build', '--network', 'host', ...mirrors, ...images[name]],
        ...['--file', join(root, dockerfile(name)), '--tag', tag(name), root],
      )
      const size = await docker('image', 'ls', '--format', '{{.Size}}', tag(name))
      console.log(`${tag(name)}: ${size.trim()} (${seconds()} s)`)
    }
  }, 1_800_000)
  afterAll(async () => {
    const left = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '')
    if (left.length > 0) await docker('rm', '--force', '--volumes', ...left)
    await engine.stop()
  }, 120_000)

  /** Nothing can be written but volumes and /tmp. */
  const hardened = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']

  async function start(name: ImageName, variables: Record<string, string>, ...options: string[]): Promise<string> {
    const environment = Object.entries(variables).flatMap(([variable, value]) => ['--env', `${variable}=${value}`])
    const id = await docker(
      'run',
      '--detach',
      '--init',
      '--network',
      'host',
      ...hardened,
      ...environment,
      ...options,
      tag(name),
    )
    return id.trim()
  }
  const health = (id: string): Promise<string> => docker('inspect', '--format', '{{.State.Health.Status}}', id)
  async function untilHealthy(id: string): Promise<void> {
    await expect.poll(() => health(id), { timeout: 120_000, interval: 500 }).not.toBe('starting\n')
    if ((await health(id)) === 'healthy\n') return
    throw new Error(`a container did not become healthy: ${await docker('logs', '--tail', '20', id)}`)
  }
  /** Runs a command in a container of an image, in place of its program. */
  const inside = (name: ImageName, ...command: string[]): Promise<string> =>
    docker('run', '--rm', '--network', 'none', '--entrypoint', command[0]!, tag(name), ...command.slice(1))

  it.each(names)('%s runs as nobody of the host, and can write nothing of the image', async (name) => {
    expect(await inside(name, 'id', '-u')).toBe('1000\n')
    expect(await inside(name, 'find', '/srv', '/opt', '/usr', '-writable', '-not', '-type', 'l')).toBe('')
  })

  it.each(['api', 'scheduler'] as const)('%s has no TensorFlow and no trainer, and is small', async (name) => {
    expect(await inside(name, 'find', '/srv', '/opt', '-iname', '*tensorflow*', '-o', '-name', 'trainer')).toBe('')
    const size = Number(await docker('image', 'inspect', '--format', '{{.Size}}', tag(name)))
    expect(size).toBeLessThan(250e6)
  })

  it.each([
    ['api', ['DATABASE_URL', 'OBJECT_STORE_URL', 'IMCLR_SIGNING_KEY']],
    ['scheduler', ['DATABASE_URL', 'OBJECT_STORE_URL']],
  ] as const)('%s names the variables that it lacks', async (name, variables) => {
    const ended = docker('run', '--rm', '--network', 'none', ...hardened, tag(name)).then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    )
    const { code, stderr } = await ended
    expect(code).toBe(1)
    for (const variable of variables) expect(stderr).toContain(variable)
  })

  it('standalone becomes healthy, trains, and ends cleanly', { timeout: 300_000 }, async () => {
    const port = await freePort()
    const id = await start('standalone', { HOST: '127.0.0.1', PORT: String(port), IMCLR_PROBE: 'off' })
    await untilHealthy(id)
    const apiKey = (await docker('exec', id, 'cat', '/var/lib/imclr/api-key')).trim()
    const model = await train(`http://127.0.0.1:${port}`, apiKey)
    expect(model.report.environment).toMatchObject({ device: 'CPU' })
    await docker('stop', '--time', '30', id)
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0\n')
  })

  it('api, scheduler and trainer do it together, over PostgreSQL and an S3 store', { timeout: 300_000 }, async () => {
    await using database = await postgres()
    await using store = await minio()
    const [port, schedulerPort] = [await freePort(), await freePort()]
    const shared = {
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      OBJECT_STORE_URL: `s3://${store.bucket}?endpoint=${store.endpoint}&region=${store.region}`,
      AWS_ACCESS_KEY_ID: store.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    }
    const signingKey = randomBytes(32).toString('hex')
    const api = await start('api', { ...shared, PORT: String(port), IMCLR_SIGNING_KEY: signingKey })
    await untilHealthy(api)
    const socket = engine.host.replace('unix://', '')
    const scheduler = await start(
      'scheduler',
      {
        ...shared,
        PORT: String(schedulerPort),
        IMCLR_PROBE: 'off',
        IMCLR_TRAINER_IMAGE: tag('trainer'),
        IMCLR_TRAINER_NETWORK: engine.network,
      },
      ...['--volume', `${socket}:/var/run/docker.sock`, '--group-add', String(statSync(socket).gid)],
    )
    await untilHealthy(scheduler)
    const apiKey = (await docker('exec', api, 'cat', '/var/lib/imclr/api-key')).trim()
    const model = await train(`http://127.0.0.1:${port}`, apiKey)
    expect(model.report.environment).toMatchObject({ device: 'CPU' })
    for (const id of [scheduler, api]) {
      await docker('stop', '--time', '30', id)
      expect(await docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0\n')
    }
  })
})

/** Uploads small pictures and trains for two epochs. */
async function train(url: string, apiKey: string) {
  const archive = join(makeFolder('images'), 'shapes.zip')
  await smallArchive(archive, { perClass: 12 })
  const sdk = createClient({ url, apiKey })
  const dataset = await sdk.datasets.upload(archive)
  const evaluation = { corruptionImages: 'none' } as const
  const job = await sdk.train(dataset, { mode: 'imclr', network: 'resnet8', epochs: 2, batchSize: 12, evaluation })
  return job.result()
}
