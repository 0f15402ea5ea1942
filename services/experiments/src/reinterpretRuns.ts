import { planRuns, type ExperimentDefinition } from '@imclr/contract'
import { Failure } from '@imclr/contract'
import { mergeRuns, runKey } from './mergeRuns.js'
import { projectRecord, planOf } from './recordOfRun.js'
import { type ExperimentRuns, type RunRecord } from '@imclr/contract'
import { satisfies } from '@imclr/contract'
import { fitSpec } from '@imclr/contract'
import { trainingSpec, type TrainingSpec } from '@imclr/contract'

/**
 * Uses stored runs as the runs of another experiment. The training decides which run fits, not the name of its arm. The
 * result leaves out runs that are not part of the experiment, and names the experiment's runs that are missing. Throws
 * Failure CONFLICT if no stored run fits, or when `mergeRuns` does.
 */
export function reinterpretRuns(definition: ExperimentDefinition, files: readonly ExperimentRuns[]): ExperimentRuns {
  const planned = planRuns(definition)
  const plan = planOf(definition)
  const taken = files.map(({ runs }) =>
    runs.flatMap((run) => {
      const spec = trainingSpec.safeParse(run.spec).data
      if (spec === undefined) return []
      return planned
        .filter(
          (one) => one.seed === run.seed && one.budget === run.budget && satisfies(spec, asRunLike(one.spec, spec)),
        )
        .map(({ arm, spec: { evaluation } }): RunRecord =>
          projectRecord(run, { experiment: definition.name, arm, evaluation }),
        )
    }),
  )
  if (taken.every((runs) => runs.length === 0))
    throw new Failure(
      'CONFLICT',
      `None of the stored runs is one of ${definition.name}: no arm, seed and budget of it was trained in just that way`,
    )
  const there = new Set(taken.flat().map(runKey))
  const withoutResult = planned
    .filter((one) => !there.has(runKey(one)))
    .map(({ arm, seed, budget }) => ({ arm, seed, budget, why: 'it is not among the stored runs' }))
  return mergeRuns(taken.map((runs) => ({ schemaVersion: 1, plan, runs, withoutResult })))
}

/**
 * The planned spec, with its batch fitted to the label budget, and with the run's values for settings that do not
 * change a result. If the budget is all labels, their number is not known here, so the batch stays as planned.
 */
const asRunLike = (planned: TrainingSpec, { limits, execution }: TrainingSpec): TrainingSpec => ({
  ...fitSpec(planned, planned.trainImages ?? Infinity),
  limits,
  execution,
})
