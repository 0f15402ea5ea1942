/** The program of a thread: the stored runs of an experiment in, their report out. */
import { parentPort, workerData } from 'node:worker_threads'
import { reportExperiment } from '@imclr/experiments'
import { type ExperimentRuns } from '@imclr/contract'

parentPort?.postMessage(reportExperiment(workerData as ExperimentRuns))
