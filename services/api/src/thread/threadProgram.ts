/** The program of a thread: does one task and posts its result. */
import { parentPort, workerData } from 'node:worker_threads'
import { readPredictions, type EvaluationComparison } from '@imclr/contract'
import { compareEvaluations, reportExperiment } from '@imclr/experiments'

const tasks = {
  /** Compares two files of predictions: ten thousand resamples of ten thousand images take a second. */
  comparePredictions: (first: Uint8Array, second: Uint8Array): EvaluationComparison =>
    compareEvaluations(readPredictions(first), readPredictions(second)),
  /** Makes the report of an experiment from its runs; its bootstraps take seconds. */
  reportExperiment,
}
export type Tasks = typeof tasks

const { task, input } = workerData as { task: keyof Tasks; input: unknown[] }
parentPort?.postMessage((tasks[task] as (...input: unknown[]) => unknown)(...input))
