import { storeConfigFromEnv } from '@imclr/storage'
import type { StoreConfig } from '@imclr/storage'

/** Where the objects are: `OBJECT_STORE_URL` and its companions, inherited from the scheduler. @throws Failure BAD_INPUT */
export const storeConfig = (): StoreConfig => storeConfigFromEnv(process.env)

/** Threads that make batches beside the training, where `IMCLR_BATCH_WORKERS` says how many. */
export const batchWorkers = (): number | 'auto' => {
  const given = process.env.IMCLR_BATCH_WORKERS
  return given === undefined || given === '' || given === 'auto' ? 'auto' : Math.max(0, Math.floor(Number(given)) || 0)
}

/** Threads of training, where `IMCLR_THREADS` bounds them; null: one per core. */
export const trainingThreads = (): number | null => Number(process.env.IMCLR_THREADS) || null
