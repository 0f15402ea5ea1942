import {
  Failure,
  isFinal,
  planRuns,
  type Experiment,
  type ExperimentRun,
  type ExperimentSummary,
} from '@imclr/contract'
import { findExperiment, listRuns, type ExperimentRow, type Queries, type RunRow } from '@imclr/database'
import type { Call } from '../request/context.js'
import { secondsLeft } from './secondsLeft.js'

/** An experiment of the caller's project. Throws Failure NOT_FOUND. */
export async function ownExperiment({ database, caller }: Call, experimentId: string): Promise<ExperimentRow> {
  const row = await findExperiment(database.queries, { projectId: caller.projectId, experimentId })
  if (row === undefined) throw noExperiment(experimentId)
  return row
}

export const noExperiment = (experimentId: string): Failure =>
  new Failure('NOT_FOUND', `There is no experiment ${experimentId}`)

export type Fate = { kind: 'result' } | { kind: 'unfinished' } | { kind: 'without result'; why: string }

/** Whether a run gave a result that counts: trained to its end, with the model there or its record kept. */
export function fateOf({ recorded, job, model }: RunRow): Fate {
  if (recorded) return { kind: 'result' }
  if (job === null) return { kind: 'without result', why: 'its job was deleted' }
  if (!isFinal(job.state)) return { kind: 'unfinished' }
  if (job.state === 'succeeded' && job.endedEarly === null)
    return model === null
      ? { kind: 'without result', why: 'its model was deleted before its results were kept' }
      : { kind: 'result' }
  return { kind: 'without result', why: job.failure?.message ?? `its job was ${job.state}` }
}

export async function shownExperimentSummary(queries: Queries, row: ExperimentRow): Promise<ExperimentSummary> {
  return summary(row, await listRuns(queries, row.id))
}

export async function shownExperiment(queries: Queries, row: ExperimentRow, now: Date): Promise<Experiment> {
  const runs = await listRuns(queries, row.id)
  const plan = planRuns(row.definition)
  return {
    ...summary(row, runs),
    definition: row.definition,
    secondsLeft: secondsLeft(
      runs.flatMap(({ job }) => job ?? []),
      now,
    ),
    allRuns: runs.map((run): ExperimentRun => {
      const { arm, seed, budget } = plan[run.place]!
      const fate = fateOf(run)
      return {
        arm,
        seed,
        budget,
        jobId: run.jobId,
        state: run.job?.state ?? 'succeeded',
        progress: run.job?.progress ?? null,
        modelId: run.model?.id ?? null,
        accuracy: fate.kind === 'result' ? run.accuracy : null,
        whyNoResult: fate.kind === 'without result' ? fate.why : null,
      }
    }),
  }
}

function summary(
  { id, datasetId, versionId, preset, scale, definition, createdAt }: ExperimentRow,
  runs: RunRow[],
): ExperimentSummary {
  const count = (kind: Fate['kind']): number => runs.filter((run) => fateOf(run).kind === kind).length
  const counts = {
    total: planRuns(definition).length,
    succeeded: count('result'),
    unfinished: count('unfinished'),
    withoutResult: count('without result'),
  }
  const state = counts.unfinished > 0 ? 'running' : counts.succeeded === counts.total ? 'succeeded' : 'incomplete'
  return {
    id,
    name: definition.name,
    title: definition.title,
    datasetId,
    versionId,
    preset,
    scale,
    state,
    runs: counts,
    createdAt: createdAt.toISOString(),
  }
}
