import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { experiment } from '../schema.js'

export type ExperimentRow = typeof experiment.$inferSelect

/** The experiment of that fingerprint in the project, made of the row where there is none yet; held until the transaction ends. */
export async function nameExperiment(tx: Queries, row: typeof experiment.$inferInsert): Promise<ExperimentRow> {
  await tx
    .insert(experiment)
    .values(row)
    .onConflictDoNothing({ target: [experiment.projectId, experiment.fingerprint] })
  const [named] = await tx
    .select()
    .from(experiment)
    .where(and(eq(experiment.projectId, row.projectId), eq(experiment.fingerprint, row.fingerprint)))
    .for('update')
  return named!
}
