import { Worker } from 'node:worker_threads'
import type { Comparison } from '@imclr/contract'

/** A thread's program must be compiled: from sources (tests) it is that of `dist`. */
const program = new URL(import.meta.url.replace(/\/src\/model\/[^/]*$/, '/dist/model/').replace(/[^/]*$/, '') + 'compareWorker.js')

/**
 * Compares two files of predictions on a thread of their own: ten thousand resamples of ten thousand images take a
 * second, and a server must not stand still for that long. Rejects with what `compareModels` throws.
 */
export function compareInWorker(first: Uint8Array, second: Uint8Array): Promise<Comparison> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: { first, second }, execArgv: [] })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the comparison ended with code ${code} and no result`)))
  })
}
