import {
  experimentId,
  Failure,
  isFinal,
  planRuns,
  type Experiment,
  type ExperimentRun,
  type ExperimentSummary,
} from '@imclr/contract'
import {
  deleteExperiment as removeExperiment,
  findExperiment,
  listRuns,
  lockExperiment,
  sharedRuns,
  type ExperimentRow,
  type Queries,
  type RunRow,
} from '@imclr/database'
import { z } from 'zod'
import { cancelJob, deleteJobIn } from '../job/jobs.js'
import { deleteModelIn } from '../model/models.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { secondsLeft } from './secondsLeft.js'

/** Finds an experiment of the caller's project. Throws Failure NOT_FOUND. */
export async function requireExperiment({ database, caller }: Call, experimentId: string): Promise<ExperimentRow> {
  const row = await findExperiment(database.queries, { projectId: caller.projectId, experimentId })
  if (row === undefined) throw experimentNotFound(experimentId)
  return row
}

const experimentNotFound = (experimentId: string): Failure =>
  new Failure('NOT_FOUND', `There is no experiment ${experimentId}`)

type RunOutcome = { kind: 'result' } | { kind: 'unfinished' } | { kind: 'without result'; why: string }

/** Whether a run has a result: its record is stored, or its job trained to the end and the model is there. */
export function outcomeOf({ hasRecord, job, model }: RunRow): RunOutcome {
  if (hasRecord) return { kind: 'result' }
  if (job === null) return { kind: 'without result', why: 'its job was deleted' }
  if (!isFinal(job.state)) return { kind: 'unfinished' }
  if (job.state === 'succeeded' && job.endedEarly === null)
    return model === null
      ? { kind: 'without result', why: 'its model was deleted before its results were stored' }
      : { kind: 'result' }
  return { kind: 'without result', why: job.failure?.message ?? `its job was ${job.state}` }
}

/** Reads the runs of the experiment, too. */
export async function toExperimentSummary(queries: Queries, row: ExperimentRow): Promise<ExperimentSummary> {
  return summary(row, await listRuns(queries, row.id))
}

export async function toExperiment(queries: Queries, row: ExperimentRow, now: Date): Promise<Experiment> {
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
      const { arm, seed, budget } = plan[run.position]!
      const outcome = outcomeOf(run)
      return {
        arm,
        seed,
        budget,
        jobId: run.jobId,
        state: run.job?.state ?? 'succeeded',
        progress: run.job?.progress ?? null,
        modelId: run.model?.id ?? null,
        accuracy: outcome.kind === 'result' ? run.accuracy : null,
        whyNoResult: outcome.kind === 'without result' ? outcome.why : null,
      }
    }),
  }
}

function summary(
  { id, datasetId, versionId, preset, scale, definition, createdAt }: ExperimentRow,
  runs: RunRow[],
): ExperimentSummary {
  const count = (kind: RunOutcome['kind']): number => runs.filter((run) => outcomeOf(run).kind === kind).length
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

/**
 * Cancels the unfinished runs at once, without keeping their models: half a run is no result. Runs that another
 * experiment has too continue. Creating the experiment again submits what was canceled.
 */
export async function cancelExperiment(call: Call, { experimentId }: { experimentId: string }): Promise<Experiment> {
  const { queries } = call.database
  const row = await requireExperiment(call, experimentId)
  const jobIds = (await listRuns(queries, experimentId))
    .filter((run) => outcomeOf(run).kind === 'unfinished')
    .map(({ jobId }) => jobId)
  const shared = await sharedRuns(queries, { experimentId, jobIds })
  // The last one first, so that none of them starts meanwhile.
  for (const jobId of jobIds.filter((id) => !shared.has(id)).reverse()) await cancelJob(call, { jobId, mode: 'now' })
  return toExperiment(queries, row, call.clock())
}

export const deleteExperimentRequest = z.strictObject({
  experimentId,
  // Jobs and models of its runs; those that another experiment has too are always kept
  runs: z.enum(['keep', 'delete']).default('keep'),
})
export const deletedExperiment = z.object({ experimentId })

/**
 * Deletes an experiment and its stored results, and on request the jobs and models of the runs that only it has, in one
 * transaction. Throws Failure CONFLICT while such runs are unfinished, and IN_USE where something else needs one of the
 * models.
 */
export async function deleteExperiment(
  call: Call,
  input: z.output<typeof deleteExperimentRequest>,
): Promise<z.infer<typeof deletedExperiment>> {
  const {
    caller: { projectId },
  } = call
  const { experimentId } = input
  return idempotent(call, input, async (tx) => {
    const row = await lockExperiment(tx, { projectId, experimentId })
    if (row === undefined) throw experimentNotFound(experimentId)
    const runs = await listRuns(tx, experimentId)
    const shared = await sharedRuns(tx, { experimentId, jobIds: runs.map(({ jobId }) => jobId) })
    const own = runs.filter(({ jobId }) => !shared.has(jobId))
    const unfinished = own.filter((run) => outcomeOf(run).kind === 'unfinished').length
    if (unfinished > 0)
      throw new Failure('CONFLICT', `${unfinished} runs of experiment ${experimentId} have not ended; cancel it first`)
    await removeExperiment(tx, experimentId)
    if (input.runs === 'keep') return { experimentId }
    for (const { jobId, job, model } of own) {
      if (model !== null) await deleteModelIn(tx, { projectId, modelId: model.id })
      if (job !== null) await deleteJobIn(tx, { projectId, jobId })
    }
    return { experimentId }
  })
}
