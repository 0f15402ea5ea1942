import { readFileSync } from 'node:fs'
import { readEnvironment, trainerVariables } from '@imclr/contract'
import { storeConfigFromEnv } from '@imclr/storage'
import type { StoreConfig } from '@imclr/storage'
import { z } from 'zod'

/**
 * Where the objects are: `OBJECT_STORE_URL` and its companions, inherited from the scheduler.
 *
 * @throws Failure BAD_INPUT
 */
export const storeConfig = (): StoreConfig => storeConfigFromEnv(process.env)

const variables = () =>
  readEnvironment(z.object(trainerVariables), { given: process.env, readFile: (path) => readFileSync(path, 'utf8') })

/**
 * Threads that make batches beside the training, where `IMCLR_BATCH_WORKERS` says how many.
 *
 * @throws Failure BAD_INPUT
 */
export const batchWorkers = (): number | 'auto' => variables().IMCLR_BATCH_WORKERS

/** Threads of training, where `IMCLR_THREADS` bounds them; null: one per core. @throws Failure BAD_INPUT */
export const trainingThreads = (): number | null => variables().IMCLR_THREADS

/** Whether to compute on a GPU, where `IMCLR_GPU` says so; null: as the machine has it. @throws Failure BAD_INPUT */
export const gpuWish = (): 'required' | 'preferred' | 'off' | null => variables().IMCLR_GPU
