import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../newestFirst.js'
import { experiment } from '../schema.js'

export type ExperimentRow = typeof experiment.$inferSelect

/** Finds the project's experiment of that fingerprint, or inserts the row, and locks it until the transaction ends. */
export async function findOrInsertExperiment(tx: Queries, row: typeof experiment.$inferInsert): Promise<ExperimentRow> {
  await tx
    .insert(experiment)
    .values(row)
    .onConflictDoNothing({ target: [experiment.projectId, experiment.fingerprint] })
  const [found] = await tx
    .select()
    .from(experiment)
    .where(and(eq(experiment.projectId, row.projectId), eq(experiment.fingerprint, row.fingerprint)))
    .for('update')
  return found!
}

interface Ids {
  projectId: string
  experimentId: string
}
const is = ({ projectId, experimentId }: Ids) =>
  and(eq(experiment.id, experimentId), eq(experiment.projectId, projectId))

export async function findExperiment(queries: Queries, ids: Ids): Promise<ExperimentRow | undefined> {
  const [row] = await queries.select().from(experiment).where(is(ids))
  return row
}

/** Finds the row and locks it until the transaction ends. */
export async function lockExperiment(tx: Queries, ids: Ids): Promise<ExperimentRow | undefined> {
  const [row] = await tx.select().from(experiment).where(is(ids)).for('update')
  return row
}

export async function listExperiments(
  queries: Queries,
  slice: Slice & { projectId: string },
): Promise<ExperimentRow[]> {
  const { where, orderBy } = newestFirst(experiment, slice)
  return queries
    .select()
    .from(experiment)
    .where(and(eq(experiment.projectId, slice.projectId), where))
    .orderBy(...orderBy)
    .limit(slice.limit)
}

/** Deletes an experiment with its runs; their jobs and models stay. */
export async function deleteExperiment(tx: Queries, experimentId: string): Promise<void> {
  await tx.delete(experiment).where(eq(experiment.id, experimentId))
}
