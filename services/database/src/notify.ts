import { sql } from 'drizzle-orm'
import { channelName, type Channel, type Queries } from './database.js'

/** Tells all listeners of `channel`; they hear it when the transaction has committed, and not at all where it did not. */
export async function notify(queries: Queries, channel: Channel, payload: string): Promise<void> {
  await queries.execute(sql`select pg_notify(${channelName(channel)}, ${payload})`)
}
