import { fileURLToPath } from 'node:url'
import type { MigrationConfig } from 'drizzle-orm/migrator'

/** Handed to drizzle's migrators: the checked-in SQL beside `src`, and the list of what was applied, among our own tables. */
export const migrations: MigrationConfig = {
  migrationsFolder: fileURLToPath(new URL('../migrations', import.meta.url)),
  migrationsSchema: 'imclr',
  migrationsTable: 'migration',
}

/** Key of the advisory lock that a migrating process holds; any number that nobody else uses. */
export const migrationLock = 4_700_181_205
