import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { diskFull, Failure } from '@imclr/contract'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { channelName, notify, type Database } from '../database.js'
import * as schema from '../schema.js'
import { lockFolder } from './lockFolder.js'
import { migrations } from './migrations.js'

/**
 * Opens PostgreSQL inside this process over a folder, which it creates where it is missing. PGlite does not notice a
 * second process in its folder, and two would ruin it, so a lock file beside the folder keeps the second one out.
 */
export async function openPglite({ pgliteDir }: { pgliteDir: string }): Promise<Database> {
  await mkdir(pgliteDir, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(pgliteDir)
  let client: PGlite | undefined
  try {
    client = await PGlite.create(pgliteDir)
    const queries = drizzle(client, { schema, casing: 'snake_case' })
    await migrate(queries, migrations)
    return handle(client, queries, { unlock, location: `${pgliteDir} on the machine ${hostname()}` })
  } catch (cause) {
    await client?.close().catch(() => {})
    await unlock()
    if (cause instanceof Error && /ENOSPC|no space left/i.test(cause.message))
      throw diskFull('the database', { host: hostname(), folder: pgliteDir }, cause)
    throw cause
  }
}

function handle(
  client: PGlite,
  queries: ReturnType<typeof drizzle<typeof schema, PGlite>>,
  { unlock, location }: { unlock: () => Promise<void>; location: string },
): Database {
  let closing: Promise<void> | undefined
  return {
    kind: 'pglite',
    location,
    queries,
    pglite: client,
    transaction: (work) => queries.transaction(work),
    async listen(channel, listener) {
      const stop = await client.listen(channelName(channel), listener)
      return () => stop()
    },
    notify: (channel, payload) => notify(queries, channel, payload),
    async check() {
      if (client.closed) throw new Failure('UNAVAILABLE', 'the database of this process is closed')
      await client.query('select 1')
    },
    close: () => (closing ??= client.close().finally(unlock)),
  }
}
