import { createHash } from 'node:crypto'
import {
  Failure,
  fitSpec,
  makeId,
  planRuns,
  type createExperimentRequest,
  type Experiment,
  type ExperimentDefinition,
  type PlannedRun,
} from '@imclr/contract'
import {
  findOrInsertExperiment,
  findSameTraining,
  listRuns,
  lockVersionForShare,
  putRun,
  type RunRow,
} from '@imclr/database'
import type { z } from 'zod'
import { enqueue } from '../job/jobs.js'
import { insertTraining, lockTrainedNetwork } from '../job/submitTraining.js'
import type { Call } from '../request/context.js'
import { canonical, idempotent } from '../request/idempotent.js'
import { checkExperiment, type RunWithNetwork } from './checkExperiment.js'
import { outcomeOf, toExperiment } from './experiments.js'
import { resolveExperiment } from './resolveExperiment.js'

/**
 * Starts an experiment: submits its runs as jobs. The same definition on the same version is the same experiment:
 * asking again submits the runs that failed or were canceled, and no others. Where a training of the same spec exists,
 * of another experiment or on its own, it becomes the run (`satisfies`).
 *
 * Throws Failure NOT_FOUND (version), and BAD_INPUT where the data do not suit it, with the nearest thing that would
 * work.
 */
export async function createExperiment(
  call: Call,
  input: z.output<typeof createExperimentRequest>,
): Promise<Experiment> {
  const {
    caller: { projectId },
    clock,
    random,
  } = call
  const { versionId } = input
  const definition = resolveExperiment(input)
  const submitted: string[] = []
  const answer = await idempotent(call, input, async (tx) => {
    const version = await lockVersionForShare(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    const runs: RunWithNetwork[] = []
    for (const planned of planRuns(definition))
      runs.push({ ...planned, ...(await lockTrainedNetwork(tx, projectId, planned.spec)) })
    const issues = checkExperiment(definition, version.summary, {
      runs,
      preset: typeof input.experiment === 'string' ? input.experiment : null,
    })
    if (issues.length > 0)
      throw new Failure(
        'BAD_INPUT',
        `Version ${versionId} cannot carry ${definition.name}: ${issues.map(({ message }) => message).join('; ')}`,
        { issues },
      )

    const preset = typeof input.experiment === 'string' ? { preset: input.experiment, scale: input.scale } : {}
    const row = await findOrInsertExperiment(tx, {
      id: makeId('exp', random(20)),
      projectId,
      fingerprint: fingerprint(definition, versionId),
      datasetId: version.datasetId,
      versionId,
      ...preset,
      definition,
      createdAt: clock(),
    })
    const there = new Map((await listRuns(tx, row.id)).map((run) => [run.position, run]))
    for (const [position, planned] of runs.entries()) {
      const run = there.get(position)
      if (run !== undefined && isOnItsWay(run)) continue
      const spec = fitSpec(planned.spec, version.summary.counts.train)
      let jobId = await findSameTraining(tx, { projectId, versionId, spec })
      if (jobId === undefined) {
        jobId = (await insertTraining(tx, call, { version, spec, name: nameOf(definition, planned) })).id
        submitted.push(jobId)
      }
      await putRun(tx, { experimentId: row.id, position, jobId })
    }
    return toExperiment(tx, row, clock())
  })
  for (const id of submitted) await enqueue(call, { id, kind: 'train' })
  return answer
}

const isOnItsWay = (run: RunRow): boolean => {
  const { kind } = outcomeOf(run)
  return kind === 'result' || (kind === 'unfinished' && run.job?.cancelRequested === null)
}

const fingerprint = (definition: ExperimentDefinition, versionId: string): string =>
  createHash('sha256').update(canonical({ definition, versionId })).digest('hex')

const nameOf = ({ name }: ExperimentDefinition, { arm, seed, budget }: PlannedRun): string =>
  `${name}: ${arm}, ${budget ?? 'all'} labels, seed ${seed}`.slice(0, 100)
