import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { channelName, type Channel, type Listener } from '../database.js'

const firstRetryMs = 200
const lastRetryMs = 5_000

/**
 * Listens for the whole process through one connection. Where that breaks, it connects again and tells every listener
 * `null`.
 */
export class PostgresListener {
  private readonly listeners = new Map<string, Set<Listener>>()
  private readonly subscribed = new Map<string, Promise<void>>()
  /** Ends with the last statement: a connection does one thing at a time. */
  private busy: Promise<void> = Promise.resolve()
  private connection: Promise<pg.Client> | undefined
  private closed = false

  constructor(private readonly url: string) {}

  async listen(channel: Channel, listener: Listener): Promise<() => Promise<void>> {
    const name = channelName(channel)
    let listening = this.listeners.get(name)
    if (listening === undefined) this.listeners.set(name, (listening = new Set()))
    // One entry per call, even where one function listens twice.
    const entry: Listener = (payload) => listener(payload)
    listening.add(entry)
    try {
      await (this.subscribed.get(name) ?? this.subscribe(name))
    } catch (error) {
      listening.delete(entry)
      throw error
    }
    return async () => {
      listening.delete(entry)
    }
  }

  async close(): Promise<void> {
    this.closed = true
    this.listeners.clear()
    await this.connection?.then(
      (client) => client.end(),
      () => {},
    )
  }

  private subscribe(name: string): Promise<void> {
    const done = this.busy.then(async () => {
      const client = await (this.connection ??= this.connect())
      await client.query(`listen ${name}`)
    })
    this.busy = done.catch(() => {
      this.subscribed.delete(name)
    }) // the next call of listen tries again
    this.subscribed.set(name, done)
    return done
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      keepAlive: true,
      application_name: 'imclr listener',
      connectionTimeoutMillis: lastRetryMs,
    })
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''))
    client.on('error', () => {}) // always followed by 'end'
    try {
      await client.connect()
      for (const name of this.listeners.keys()) await client.query(`listen ${name}`)
    } catch (error) {
      this.connection = undefined
      await client.end().catch(() => {})
      throw error
    }
    client.once('end', () => {
      this.connection = undefined
      void this.reconnect()
    })
    return client
  }

  private async reconnect(): Promise<void> {
    for (let wait = firstRetryMs; !this.closed; wait = Math.min(2 * wait, lastRetryMs)) {
      this.connection ??= this.connect()
      if (
        await this.connection.then(
          () => true,
          () => false,
        )
      ) {
        for (const name of this.listeners.keys()) this.tell(name, null)
        return
      }
      await delay(wait, undefined, { ref: false })
    }
  }

  private tell(name: string, payload: string | null): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(payload)
  }
}
