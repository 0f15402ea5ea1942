import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { newestFirst, type Slice } from '../page.js'
import { experiment } from '../schema.js'
import type { ExperimentRow } from './nameExperiment.js'

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

/** The same, held until the transaction ends. */
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
