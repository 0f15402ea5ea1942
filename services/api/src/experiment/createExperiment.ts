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
import { findSameTraining, holdVersion, listRuns, nameExperiment, putRun, type RunRow } from '@imclr/database'
import type { z } from 'zod'
import { enqueue } from '../job/enqueue.js'
import { holdNetwork } from '../job/holdNetwork.js'
import { insertTraining } from '../job/insertTraining.js'
import type { Call } from '../request/context.js'
import { canonical, idempotent } from '../request/idempotent.js'
import { checkExperiment, type DecidedRun } from './checkExperiment.js'
import { resolveExperiment } from './resolveExperiment.js'
import { fateOf, shownExperiment } from './shownExperiment.js'

/**
 * Starts an experiment: submits its runs as jobs, which the service sees through whoever watches. The same definition on the
 * same version is the same experiment: asking again submits the runs that failed or were canceled, and no others. A
 * training of just the spec of a run, from another experiment or on its own, is taken for it (`answers`).
 *
 * Throws Failure NOT_FOUND (version), BAD_INPUT where the data cannot carry it, with the nearest thing that would work.
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
    const version = await holdVersion(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    const runs: DecidedRun[] = []
    for (const planned of planRuns(definition))
      runs.push({ ...planned, ...(await holdNetwork(tx, projectId, planned.spec)) })
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
    const row = await nameExperiment(tx, {
      id: makeId('exp', random(20)),
      projectId,
      fingerprint: fingerprint(definition, versionId),
      datasetId: version.datasetId,
      versionId,
      ...preset,
      definition,
      createdAt: clock(),
    })
    const there = new Map((await listRuns(tx, row.id)).map((run) => [run.place, run]))
    for (const [place, planned] of runs.entries()) {
      const run = there.get(place)
      if (run !== undefined && isOnItsWay(run)) continue
      const spec = fitSpec(planned.spec, version.summary.counts.train)
      let jobId = await findSameTraining(tx, { projectId, versionId, spec })
      if (jobId === undefined) {
        jobId = (await insertTraining(tx, call, { version, spec, name: nameOf(definition, planned) })).id
        submitted.push(jobId)
      }
      await putRun(tx, { experimentId: row.id, place, jobId })
    }
    return shownExperiment(tx, row, clock())
  })
  for (const id of submitted) await enqueue(call, { id, kind: 'train' })
  return answer
}

const isOnItsWay = (run: RunRow): boolean => {
  const { kind } = fateOf(run)
  return kind === 'result' || (kind === 'unfinished' && run.job?.cancelRequested === null)
}

const fingerprint = (definition: ExperimentDefinition, versionId: string): string =>
  createHash('sha256').update(canonical({ definition, versionId })).digest('hex')

const nameOf = ({ name }: ExperimentDefinition, { arm, seed, budget }: PlannedRun): string =>
  `${name}: ${arm}, ${budget ?? 'all'} labels, seed ${seed}`.slice(0, 100)
