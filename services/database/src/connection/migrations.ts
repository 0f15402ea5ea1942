import { fileURLToPath } from 'node:url'
import type { MigrationConfig } from 'drizzle-orm/migrator'

/**
 * What drizzle's migrators need: the folder with the SQL, beside `src`, and the table that lists what was applied,
 * among our own.
 */
export const migrations: MigrationConfig = {
  migrationsFolder: fileURLToPath(new URL('../../migrations', import.meta.url)),
  migrationsSchema: 'imclr',
  migrationsTable: 'migration',
}

/** The number of the advisory lock that a migrating process holds: any that nobody else uses. */
export const migrationLock = 4_700_181_205
