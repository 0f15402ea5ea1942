import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { apiConfig, createApi, ensureFirstKey, type ApiConfigInput, type ApiDependencies } from '@imclr/api'
import type { WireError } from '@imclr/contract'
import { openDatabase } from '@imclr/database'
import { openQueue } from '@imclr/queue'
import { openStore } from '@imclr/storage'
import { pino } from 'pino'
import { emptyPglite } from '../support/emptyPglite.js'
import { freePort, minio, postgres, redis, requirePart } from '../support/parts.js'

/** What the API runs on: all in this process and a folder, or the real servers. */
export type Stack = 'one machine' | 'servers'

/** The stacks that are there; `servers` is skipped by name where a part is missing. */
export const stacks: Stack[] = requireAll() ? ['one machine', 'servers'] : ['one machine']

function requireAll(): boolean {
  return [requirePart('postgres'), requirePart('redis'), requirePart('minio')].every(Boolean)
}

export interface CallOptions {
  /** An API key; absent: the first one. `null`: none. */
  key?: string | null
  idempotencyKey?: string
  headers?: Record<string, string>
}

export interface TestApi extends AsyncDisposable {
  url: string
  dependencies: ApiDependencies
  /** The first API key, with every scope. */
  key: string
  folder: string
  /** What was logged, as objects. */
  logs: Record<string, unknown>[]
  /** Moves the service's clock on. */
  later(seconds: number): void
  query<T = Record<string, never>>(path: string, input?: unknown, options?: CallOptions): Promise<T>
  mutate<T = Record<string, never>>(path: string, input?: unknown, options?: CallOptions): Promise<T>
  /** The error that a call ends with; fails where it succeeds. */
  refusal(kind: 'query' | 'mutation', path: string, input?: unknown, options?: CallOptions): Promise<WireError>
  /** Takes the database away from under it (on servers alone). */
  loseDatabase(): Promise<void>
  /** Stops the server and starts another over the same dependencies. */
  restart(): Promise<void>
}

/** What a call threw: an error as it stood on the wire. */
export class Refused extends Error {
  constructor(
    readonly wire: WireError,
    readonly status: number,
    readonly headers: Headers,
    logged: unknown,
  ) {
    super(
      `${wire.code}: ${wire.message} ${JSON.stringify(wire.issues)}${logged === undefined ? '' : `\n${JSON.stringify(logged, null, 2)}`}`,
    )
  }
}

/** A service of its own over HTTP, with fresh dependencies. */
export async function startTestApi({
  stack = 'one machine',
  config = {},
}: { stack?: Stack; config?: Partial<ApiConfigInput> } = {}): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), 'imclr-api-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const signingKey = randomBytes(32).toString('hex')
  const clock = { offset: 0 }
  const now = () => new Date(Date.now() + clock.offset)
  const { database, store, queue, end, loseDatabase } = await openDependencies(stack, {
    folder,
    signingKey,
    now: () => now().getTime(),
  })

  const logs: Record<string, unknown>[] = []
  const log = pino(
    { level: 'info' },
    new Writable({
      write: (line: Buffer, _encoding, done) => {
        logs.push(JSON.parse(line.toString()) as Record<string, unknown>)
        done()
      },
    }),
  )
  const dependencies: ApiDependencies = {
    database,
    store,
    queue,
    log,
    clock: now,
    random: randomBytes,
    config: apiConfig.parse({
      signingKey: new Uint8Array(Buffer.from(signingKey, 'hex')),
      requestsPerMinute: 1_000_000,
      authFailuresPerMinute: 1_000_000,
      ...config,
    }),
  }
  const { path } = await ensureFirstKey({ database, path: join(folder, 'api-key') })
  const key = (await readFile(path, 'utf8')).trim()
  let app = await createApi(dependencies)
  await app.listen({ port, host: '127.0.0.1' })

  async function call<T>(
    kind: 'query' | 'mutation',
    { path, input, options }: { path: string; input: unknown; options: CallOptions },
  ): Promise<T> {
    const secret = options.key === undefined ? key : options.key
    const headers = {
      ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
      ...(options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey }),
      ...options.headers,
    }
    const response =
      kind === 'query'
        ? await fetch(
            `${url}/trpc/${path}${input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`}`,
            { headers },
          )
        : await fetch(`${url}/trpc/${path}`, {
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/json' },
            body: input === undefined ? undefined : JSON.stringify(input),
          })
    const body = (await response.json()) as { result?: { data: T }; error?: { data: { imclr: WireError } } }
    if (body.error !== undefined)
      throw new Refused(
        body.error.data.imclr,
        response.status,
        response.headers,
        logs.findLast(({ requestId }) => requestId === body.error!.data.imclr.requestId),
      )
    return body.result!.data
  }
  return {
    url,
    dependencies,
    key,
    folder,
    logs,
    later: (seconds) => {
      clock.offset += seconds * 1000
    },
    query: (path, input, options = {}) => call('query', { path, input, options }),
    mutate: (path, input, options = {}) => call('mutation', { path, input, options }),
    async refusal(kind, path, input, options = {}) {
      const answer = await call(kind, { path, input, options }).catch((error: unknown) => error)
      if (answer instanceof Refused) return answer.wire
      throw new Error(`${path} was not refused: ${answer instanceof Error ? answer.stack : JSON.stringify(answer)}`)
    },
    loseDatabase,
    async restart() {
      await app.close()
      app = await createApi(dependencies)
      await app.listen({ port, host: '127.0.0.1' })
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await queue.close()
      await store.close()
      await database.close()
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Where {
  folder: string
  signingKey: string
  now: () => number
}

async function openDependencies(
  stack: Stack,
  { folder, signingKey, now }: Where,
): Promise<
  Pick<ApiDependencies, 'database' | 'store' | 'queue'> & {
    end: () => Promise<void>
    loseDatabase: () => Promise<void>
  }
> {
  const onError = (): void => {}
  if (stack === 'one machine') {
    const database = await openDatabase({ pgliteDir: await emptyPglite(join(folder, 'pg')) })
    const store = await openStore({ kind: 'folder', root: join(folder, 'objects'), signingKey, now })
    return {
      database,
      store,
      queue: await openQueue({ pglite: database.pglite!, onError }),
      end: async () => {},
      loseDatabase: () => Promise.reject(new Error('it is in this process')),
    }
  }
  const [sql, broker, bucket] = await Promise.all([postgres(), redis(), minio()])
  return {
    database: await openDatabase({ url: sql.url }),
    store: await openStore({ kind: 's3', ...bucket }),
    queue: await openQueue({ url: broker.url, onError }),
    end: async () => {
      await Promise.all([sql.drop(), broker.stop(), bucket.stop()])
    },
    loseDatabase: () => sql.drop(),
  }
}

export const sha256 = (bytes: Uint8Array, form: 'hex' | 'base64' = 'hex'): string =>
  createHash('sha256').update(bytes).digest(form)
