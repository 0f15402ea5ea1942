/** The program of a thread: two files of predictions in, their comparison out. */
import { parentPort, workerData } from 'node:worker_threads'
import { compareEvaluations } from '@imclr/experiments'
import { readPredictions } from '@imclr/contract'

const { first, second } = workerData as { first: Uint8Array; second: Uint8Array }
parentPort?.postMessage(compareEvaluations(readPredictions(first), readPredictions(second)))
