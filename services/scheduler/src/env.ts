/** The scheduler's environment, parsed once: every variable with its unit, default and reason. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure, readEnvironment, serviceVariables, trainerVariables, type Variables } from '@imclr/contract'
import { z } from 'zod'
import { launcherNames } from './launch/openLauncher.js'
import type { SchedulerConfig } from './parts.js'

const shared = serviceVariables.shape
const seconds = z.coerce.number().positive()

/** How jobs are run: `main.ts` and standalone read these. */
const running = {
  ...trainerVariables,
  IMCLR_LAUNCHER: z.enum(launcherNames).default('process'), // what trainers run as
  // Trainers at once: one uses the whole machine (or GPU)
  IMCLR_SLOTS: z.coerce.number().int().min(1).max(64).default(1),
  // Data sets prepared at once, beside the trainers: an upload never waits for a training of a day
  IMCLR_PREPARATIONS: z.coerce.number().int().min(1).max(16).default(1),
  IMCLR_DEVICES: z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .optional(), // GPU of each slot, as CUDA_VISIBLE_DEVICES has it; unset: all for each
  // The trainer's main.js
  IMCLR_TRAINER: z.string().default(fileURLToPath(new URL('../../trainer/dist/main.js', import.meta.url))),
  // How far trainers step back behind other programs
  IMCLR_TRAINER_NICENESS: z.coerce.number().int().min(0).max(19).default(0),
  IMCLR_STALL_SECONDS: seconds.default(120), // without an event; a trainer writes one every few seconds
  IMCLR_STOP_GRACE_SECONDS: seconds.default(1800), // for a stopped job's evaluation and export
  // For a checkpoint at shutdown; below what systemd and Kubernetes allow
  IMCLR_SUSPEND_GRACE_SECONDS: seconds.default(20),
  IMCLR_CHECKPOINT_SECONDS: seconds.default(60), // the most that a crash costs
  IMCLR_LEASE_SECONDS: seconds.default(60), // after which another scheduler adopts the jobs of a dead one
  IMCLR_RETRY_SECONDS: seconds.default(5), // before the first repetition; doubles
  IMCLR_POLL_SECONDS: seconds.default(0.2), // between two looks at a trainer that wrote nothing
  IMCLR_RECONCILE_SECONDS: seconds.default(15), // between two comparisons of records, trainers and queue
  IMCLR_MAX_DATASET_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(50 * 2 ** 30), // of an unpacked archive
  IMCLR_MAX_DATASET_IMAGES: z.coerce.number().int().positive().default(5_000_000),
  // Whether the first start measures the machine, for the estimates of the first jobs
  IMCLR_PROBE: z.enum(['on', 'off']).default('on'),
  LOG_LEVEL: shared.LOG_LEVEL,
}

const environment = z.object({
  ...running,
  DATABASE_URL: shared.DATABASE_URL,
  QUEUE_URL: shared.QUEUE_URL.optional(), // unset: the database
  OBJECT_STORE_URL: shared.OBJECT_STORE_URL,
  // Job files, events and logs of running trainers; no other scheduler uses it
  IMCLR_WORK_DIR: z.string().default('./.imclr/work'),
  HOST: shared.HOST,
  PORT: shared.PORT.default(4701), // of /healthz, /readyz, /metrics
})

export type Env = z.output<typeof environment>
export type RunningEnv = z.output<z.ZodObject<typeof running>>

/** Throws Failure BAD_INPUT that names every variable that is wrong. */
export const readEnv = (variables: Variables = process.env): Env & { variables: Variables } =>
  read(environment, variables)
/** Reads the part of the environment that standalone needs. */
export const readRunningEnv = (variables: Variables = process.env): RunningEnv & { variables: Variables } =>
  read(z.object(running), variables)

const read = <T>(schema: z.ZodType<T>, given: Variables) =>
  readEnvironment(schema, { given, readFile: (path) => readFileSync(path, 'utf8') })

/**
 * Makes the scheduler's configuration of its environment. Throws Failure BAD_INPUT where there are fewer devices than
 * slots.
 */
export function schedulerConfig(env: RunningEnv, workDir: string): SchedulerConfig {
  const devices = env.IMCLR_DEVICES?.length ?? env.IMCLR_SLOTS
  if (devices < env.IMCLR_SLOTS)
    throw new Failure(
      'BAD_INPUT',
      `IMCLR_SLOTS is ${env.IMCLR_SLOTS}, but IMCLR_DEVICES names ${devices}: each slot needs a device`,
    )
  return {
    owner: `${hostname()}:${resolve(workDir)}`,
    workDir: resolve(workDir),
    slots: env.IMCLR_SLOTS,
    preparations: env.IMCLR_PREPARATIONS,
    leaseSeconds: env.IMCLR_LEASE_SECONDS,
    stallSeconds: env.IMCLR_STALL_SECONDS,
    stopGraceSeconds: env.IMCLR_STOP_GRACE_SECONDS,
    suspendGraceSeconds: env.IMCLR_SUSPEND_GRACE_SECONDS,
    checkpointEverySeconds: env.IMCLR_CHECKPOINT_SECONDS,
    retryDelaySeconds: env.IMCLR_RETRY_SECONDS,
    pollSeconds: env.IMCLR_POLL_SECONDS,
    reconcileSeconds: env.IMCLR_RECONCILE_SECONDS,
    maxDatasetBytes: env.IMCLR_MAX_DATASET_BYTES,
    maxDatasetImages: env.IMCLR_MAX_DATASET_IMAGES,
    probes: env.IMCLR_PROBE === 'on',
  }
}
