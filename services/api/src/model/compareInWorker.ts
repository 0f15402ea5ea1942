import type { EvaluationComparison } from '@imclr/contract'
import { runInWorker } from '../request/runInWorker.js'

/**
 * Compares two files of predictions on a thread of their own: ten thousand resamples of ten thousand images take a
 * second, and a server must not stand still for that long. Rejects with what `compareEvaluations` throws.
 */
export function compareInWorker(first: Uint8Array, second: Uint8Array): Promise<EvaluationComparison> {
  return runInWorker(import.meta.url, 'compareWorker.js', { first, second })
}
