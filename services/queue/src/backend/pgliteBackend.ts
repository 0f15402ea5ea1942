/**
 * BullMQ over the PGlite that the database has open. PGlite is one session and runs one statement, or one transaction,
 * at a time, whoever asks; so BullMQ, whose every operation is a single statement, and our tables share it without ever
 * seeing the middle of each other's work. BullMQ expects node-postgres: `SharedClient` and `sharedPool` look like it.
 */
import { EventEmitter } from 'node:events'
import { createPostgresBackend, runMigrations, withBackend } from 'bullmq'
import type { Backend } from './backend.js'
import { queueSchema } from './postgresBackend.js'

interface Answer {
  rows: unknown[]
  affectedRows?: number
}

/** What we need of PGlite; the database's handle fits. */
export interface PgliteSession {
  query(text: string, params?: unknown[]): Promise<Answer>
  exec(text: string): Promise<Answer[]>
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>
  transaction<T>(work: (tx: Pick<PgliteSession, 'query' | 'exec'>) => Promise<T>): Promise<T>
}

const { Queue, Worker } = withBackend(createPostgresBackend)

export async function pgliteBackend(session: PgliteSession): Promise<Backend> {
  // In one transaction of PGlite's, so that nobody else's statement gets between; BullMQ's own BEGIN and COMMIT are
  // left out.
  await session.transaction((tx) =>
    runMigrations(
      new SharedClient({ ...without(tx), listen: session.listen.bind(session) }, isTransactionControl),
      queueSchema,
    ),
  )
  // Ours name their schema in every statement, so this is BullMQ's alone.
  await session.exec(`set search_path = ${queueSchema}, public`)
  const pool = sharedPool(session)
  return {
    where: 'the database of this process',
    createQueue: (name) => new Queue(name, { connection: pool }),
    createWorker: (name, process, options) => new Worker(name, process, { ...options, connection: pool }),
    close: async () => {}, // the session is the database's
  }
}

type ClientSession = Pick<PgliteSession, 'query' | 'exec' | 'listen'>

const without = (tx: Pick<PgliteSession, 'query' | 'exec'>) => ({ query: tx.query.bind(tx), exec: tx.exec.bind(tx) })
const isTransactionControl = (text: string): boolean => /^\s*(begin|commit|rollback)\s*;?\s*$/i.test(text)
const listening = /^(?:\s*--[^\n]*\n)*\s*listen\s+"?(\w+)"?/i

class SharedClient extends EventEmitter {
  private readonly unlisten: (() => Promise<void>)[] = []

  constructor(
    private readonly session: ClientSession,
    private readonly isSkipped: (text: string) => boolean = () => false,
  ) {
    super()
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<{ rows: R[]; rowCount: number }> {
    if (this.isSkipped(text)) return { rows: [], rowCount: 0 }
    const channel = listening.exec(text)?.[1]
    if (channel !== undefined) {
      this.unlisten.push(
        await this.session.listen(channel, (payload) => this.emit('notification', { channel, payload })),
      )
      return { rows: [], rowCount: 0 }
    }
    // With parameters PGlite takes one statement, without any number.
    const answer = params?.length ? await this.session.query(text, [...params]) : (await this.session.exec(text)).at(-1)
    const rows = (answer?.rows ?? []) as R[]
    return { rows, rowCount: answer?.affectedRows ?? rows.length }
  }

  release(): void {
    // Only a closed session refuses, and it listens no more
    for (const stop of this.unlisten.splice(0)) stop().catch(() => {})
  }
}

function sharedPool(session: PgliteSession) {
  return Object.assign(new EventEmitter().setMaxListeners(0), {
    // each worker listens, and there are as many as slots
    options: { keepAlive: true }, // a session in this process never breaks silently
    connect: async () => new SharedClient(session),
    query: <R>(text: string, params?: readonly unknown[]) => new SharedClient(session).query<R>(text, params),
    end: async () => {},
  })
}
