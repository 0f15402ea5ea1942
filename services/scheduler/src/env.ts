/** The scheduler's environment, parsed once: every variable with its unit, default and reason. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure, readEnvironment, trainerProcessEnvironment, trainerVariables, type Variables } from '@imclr/contract'
import { z } from 'zod'
import type { SchedulerConfig } from './parts.js'

const seconds = z.coerce.number().positive()

/** What `main.ts` and standalone share: how jobs are run. */
const running = {
  ...trainerVariables,
  IMCLR_SLOTS: z.coerce.number().int().min(1).max(64).default(1), // trainers at once: one uses the whole machine (or GPU)
  IMCLR_PREPARATIONS: z.coerce.number().int().min(1).max(16).default(1), // data sets prepared at once, beside the trainers: nobody waits for a training of a day with an upload
  IMCLR_DEVICES: z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .optional(), // GPU of each slot, as CUDA_VISIBLE_DEVICES has it; unset: all for each
  IMCLR_TRAINER: z.string().default(fileURLToPath(new URL('../../trainer/dist/main.js', import.meta.url))), // the trainer's main.js
  IMCLR_TRAINER_NICENESS: z.coerce.number().int().min(0).max(19).default(0), // how far trainers step back behind other programs
  IMCLR_STALL_SECONDS: seconds.default(120), // without a word: a trainer speaks every few seconds
  IMCLR_STOP_GRACE_SECONDS: seconds.default(1800), // for a stopped job's evaluation and export
  IMCLR_SUSPEND_GRACE_SECONDS: seconds.default(20), // for a checkpoint at shutdown; below what systemd and Kubernetes allow
  IMCLR_CHECKPOINT_SECONDS: seconds.default(60), // the most that a crash costs
  IMCLR_LEASE_SECONDS: seconds.default(60), // after which another scheduler takes up the jobs of a dead one
  IMCLR_RETRY_SECONDS: seconds.default(5), // before the first repetition; doubles
  IMCLR_RECONCILE_SECONDS: seconds.default(15),
  IMCLR_MAX_DATASET_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(50 * 2 ** 30), // of an unpacked archive
  IMCLR_MAX_DATASET_IMAGES: z.coerce.number().int().positive().default(5_000_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
}

const environment = z.object({
  ...running,
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be postgres://...'),
  QUEUE_URL: z
    .string()
    .regex(/^(rediss?|postgres(ql)?):\/\//, 'must be redis://... or postgres://...')
    .optional(), // unset: the database
  IMCLR_WORK_DIR: z.string().default('./.imclr/work'), // job files, events and logs of running trainers; no other scheduler uses it
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4701), // of /healthz, /readyz, /metrics
})

export type Env = z.output<typeof environment>
export type RunningEnv = z.output<z.ZodObject<typeof running>>

/** Throws Failure BAD_INPUT that names every variable that is wrong. */
export const readEnv = (variables: Variables = process.env): Env & { variables: Variables } =>
  read(environment, variables)
/** The part that standalone needs of it. */
export const readRunningEnv = (variables: Variables = process.env): RunningEnv & { variables: Variables } =>
  read(z.object(running), variables)

const read = <T>(schema: z.ZodType<T>, given: Variables) =>
  readEnvironment(schema, { given, readFile: (path) => readFileSync(path, 'utf8') })

/** How jobs are run, of what was read. Throws Failure BAD_INPUT where there are fewer devices than slots. */
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
    pollSeconds: 0.2,
    reconcileSeconds: env.IMCLR_RECONCILE_SECONDS,
    maxDatasetBytes: env.IMCLR_MAX_DATASET_BYTES,
    maxDatasetImages: env.IMCLR_MAX_DATASET_IMAGES,
  }
}

/** All that a trainer gets of our environment: where programs, libraries and the store are; no database, no queue, no signing key. */
const forTrainers =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|XDG_CACHE_HOME|LD_LIBRARY_PATH|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|OBJECT_STORE_URL|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION|CA_BUNDLE|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_\w+|EC2_METADATA_\w+)|IMCLR_(LIBTENSORFLOW|CACHE)|TF_\w+|OMP_\w+|KMP_\w+|DNNL_\w+|ONEDNN_\w+|CUDA_\w+|NVIDIA_\w+|XLA_\w+|GLIBC_TUNABLES)$/

export function trainerEnvironment(variables: Variables): Record<string, string> {
  return {
    ...trainerProcessEnvironment,
    ...Object.fromEntries(
      Object.entries(variables).flatMap(([name, value]) =>
        value !== undefined && (forTrainers.test(name) || name in trainerVariables) ? [[name, value] as const] : [],
      ),
    ),
  }
}
