import type { Database } from '../database.js'
import { openPostgres } from './openPostgres.js'

/** A PostgreSQL server, or a folder that one process opens at a time. */
export type DatabaseConfig = { url: string; maxConnections?: number } | { pgliteDir: string }

/**
 * Opens the database and brings its tables up to date. Several processes may start at once.
 * Throws Failure UNAVAILABLE where a server does not answer, CONFLICT where another process has opened the folder, and
 * DISK_FULL where the folder cannot grow.
 */
export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  if ('url' in config) return openPostgres(config)
  // Loaded only here: services over PostgreSQL need no PGlite, and their images have none.
  const { openPglite } = await import('./openPglite.js')
  return openPglite(config)
}
