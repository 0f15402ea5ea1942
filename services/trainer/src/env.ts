import { storeConfigFromEnv } from '@imclr/storage'
import type { StoreConfig } from '@imclr/storage'

/** Where the objects are: `OBJECT_STORE_URL` and its companions, inherited from the scheduler. @throws Failure BAD_INPUT */
export const storeConfig = (): StoreConfig => storeConfigFromEnv(process.env)

/** Threads of training, where `IMCLR_THREADS` bounds them; null: one per core. */
export const trainingThreads = (): number | null => Number(process.env.IMCLR_THREADS) || null
