import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../trainer/jobs/harness.js'
import { emptyPglite } from './emptyPglite.js'
import { minio, postgres, redis } from './parts.js'
import { freePort, makeFolder, startServer } from './startServer.js'

/** The service as a user runs it: processes from `dist`, reached over HTTP. */
export interface RunningService extends AsyncDisposable {
  url: string
  apiKey: string
  /** Where a client finds it by itself: what the SDK reads. */
  environment: Record<string, string>
  folder: string
}

const program = (name: string): string => join(root, 'services', name, 'dist/main.js')

export interface ServiceOptions {
  /** Variables for its processes. */
  env?: Record<string, string>
  /** @default a new one, removed with the test's process */
  folder?: string
}

/** All in one process over PGlite and a folder. */
export async function standalone({
  env = {},
  folder = makeFolder('standalone'),
}: ServiceOptions = {}): Promise<RunningService> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const state = join(folder, 'state')
  if (!existsSync(join(folder, 'pg'))) await emptyPglite(join(folder, 'pg'))
  const server = await startServer({
    name: 'imclr',
    folder,
    command: process.execPath,
    args: [program('standalone'), '--data-dir', folder, '--port', String(port)],
    env: { XDG_STATE_HOME: state, ...env },
    stopSignal: 'TERM',
    isReady: isReady(url),
  })
  return {
    url,
    apiKey: readFileSync(join(folder, 'api-key'), 'utf8').trim(),
    environment: { XDG_STATE_HOME: state },
    folder,
    [Symbol.asyncDispose]: server.stop,
  }
}

/** API and scheduler as processes of their own, over PostgreSQL, Redis and MinIO. */
export async function separate({
  env = {},
  folder = makeFolder('separate'),
}: ServiceOptions = {}): Promise<RunningService> {
  const parts: AsyncDisposable[] = []
  const use = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.unshift(part)
    return part
  }
  const [database, queue, store] = [use(await postgres()), use(await redis()), use(await minio())]
  const [port, schedulerPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const keyFile = join(folder, 'api-key')
  const shared = {
    DATABASE_URL: database.url,
    QUEUE_URL: queue.url,
    OBJECT_STORE_URL: `s3://${store.bucket}?endpoint=${store.endpoint}&region=${store.region}`,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    IMCLR_SIGNING_KEY: randomBytes(32).toString('hex'),
    ...env,
  }
  use(
    await startServer({
      name: 'imclr-api',
      folder: makeFolder('api'),
      command: process.execPath,
      args: [program('api')],
      stopSignal: 'TERM',
      isReady: isReady(url),
      env: { ...shared, PORT: String(port), IMCLR_FIRST_KEY_FILE: keyFile },
    }),
  )
  use(
    await startServer({
      name: 'imclr-scheduler',
      folder: makeFolder('scheduler'),
      command: process.execPath,
      args: [program('scheduler')],
      stopSignal: 'TERM',
      isReady: isReady(`http://127.0.0.1:${schedulerPort}`),
      env: { ...shared, PORT: String(schedulerPort), IMCLR_WORK_DIR: join(folder, 'work') },
    }),
  )
  const apiKey = readFileSync(keyFile, 'utf8').trim()
  return {
    url,
    apiKey,
    environment: { IMCLR_URL: url, IMCLR_API_KEY: apiKey },
    folder,
    [Symbol.asyncDispose]: async () => {
      for (const part of parts) await part[Symbol.asyncDispose]()
    },
  }
}

const isReady = (url: string) => () =>
  fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  )
