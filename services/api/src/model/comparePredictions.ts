import type { EvaluationComparison } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { recordedObject } from '../request/recordedObject.js'
import { compareInWorker } from './compareInWorker.js'
import { inTurn } from './inTurn.js'

/** A comparison has a thread and all predictions in memory: however many are asked for, two are at work. */
const oneOfTwo = inTurn(2)

/** Two stored files of predictions, by their keys, of the same test images: the second against the first. */
export function comparePredictions(store: ObjectStore, first: string, second: string): Promise<EvaluationComparison> {
  return oneOfTwo(async () =>
    compareInWorker(...(await Promise.all([recordedObject(store.read(first)), recordedObject(store.read(second))]))),
  )
}
