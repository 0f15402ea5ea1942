/** Jobs: their states and transitions, the record that API and SDK show, and the file that a trainer reads. */
import { z } from 'zod'
import { prepareOptions } from './dataset.js'
import { evaluateOptions } from './evaluation.js'
import { failureRecord } from './failure.js'
import { datasetId, jobId, modelId, networkId, projectId, uploadId, versionId } from './ids.js'
import { limits, trainingSpec } from './trainingSpec.js'

export const jobStates = [
  'queued',
  'starting',
  'running',
  'paused',
  'succeeded',
  'failed',
  'canceled',
  'timed_out',
] as const
export const jobState = z.enum(jobStates)
export type JobState = z.infer<typeof jobState>

/**
 * `starting` and `running` go back to `queued` when the scheduler tries again, or when a shutdown suspended the
 * attempt.
 */
const following: Record<JobState, readonly JobState[]> = {
  queued: ['starting', 'canceled', 'failed', 'timed_out'],
  starting: ['running', 'queued', 'failed', 'canceled', 'timed_out'],
  running: ['succeeded', 'failed', 'canceled', 'timed_out', 'paused', 'queued'],
  paused: ['queued', 'canceled'],
  succeeded: [],
  failed: [],
  canceled: [],
  timed_out: [],
}
export const mayFollow = (from: JobState, to: JobState): boolean => following[from].includes(to)
export const isFinal = (state: JobState): boolean => following[state].length === 0
export const isActive = (state: JobState): boolean => state === 'starting' || state === 'running'

export const jobKind = z.enum(['prepare', 'train', 'evaluate'])
export type JobKind = z.infer<typeof jobKind>

/**
 * The queues of jobs. Trainings and evaluations wait for a device. Preparations need no device and wait only for each
 * other.
 */
export const queueNames = ['device', 'preparation'] as const
export type QueueName = (typeof queueNames)[number]
export const queueOf = (kind: JobKind): QueueName => (kind === 'prepare' ? 'preparation' : 'device')

/**
 * A job's priority in its queue; 1 is served first. Evaluations go before trainings because they are short. A training
 * that has begun goes before new ones.
 */
export const priorityOf = ({ kind, attempt }: { kind: JobKind; attempt: number }): number =>
  kind !== 'train' ? 1 : attempt > 0 ? 2 : 3

/** `graceful`: write a checkpoint, evaluate, keep the model. `now`: end the process and compute nothing more. */
export const cancelMode = z.enum(['graceful', 'now'])
export type CancelMode = z.infer<typeof cancelMode>

export const phases = [
  'queued',
  'pulling',
  'loading',
  'preparing',
  'training',
  'evaluating',
  'exporting',
  'verifying',
] as const
export const progress = z.object({
  phase: z.enum(phases),
  done: z.number().nonnegative(), // in units of the phase: images, steps, cells or bytes
  total: z.number().nonnegative(),
  unit: z.string(),
  epoch: z.int().optional(), // counts from 1
  epochs: z.int().optional(),
  imagesPerSecond: z.number().optional(),
  secondsLeft: z.number().nullable(), // for the whole job if known, else for the phase
})
export type Progress = z.infer<typeof progress>

export const estimate = z.object({
  seconds: z.number(),
  // How the seconds were found: by jobs, by a probe of the machine, by neither
  basis: z.enum(['measured', 'probed', 'assumed']),
  note: z.string(),
  memoryBytes: z.int().nonnegative().nullable().default(null), // a training's peak; null if not estimated
})
export type Estimate = z.infer<typeof estimate>

const jobCommon = {
  id: jobId,
  projectId,
  name: z.string().nullable(),
  state: jobState,
  attempt: z.int().nonnegative(), // 0 before the first attempt
  limits,
  estimate: estimate.nullable(),
  progress: progress.nullable(),
  cancelRequested: cancelMode.nullable(),
  failure: failureRecord.nullable(),
  /** Why a job that kept a model ended before its last epoch. */
  endedEarly: z.enum(['canceled', 'time_limit']).nullable(),
  lastCheckpoint: z.object({ at: z.iso.datetime(), epoch: z.int(), step: z.int() }).nullable(),
  queuePosition: z.int().nullable(), // 1 is next; null if the job is not waiting
  waitingFor: z.string().nullable(), // why the job waits, in words
  lastEvent: z.int().nonnegative(), // number of the newest event; 0 if there is none
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
}
export const prepareJob = z.object({
  ...jobCommon,
  kind: z.literal('prepare'),
  datasetId,
  uploadId,
  options: prepareOptions,
  versionId: versionId.nullable(), // the result
})
export const trainJob = z.object({
  ...jobCommon,
  kind: z.literal('train'),
  datasetId,
  versionId,
  spec: trainingSpec,
  modelId: modelId.nullable(), // the result
})
export const evaluateJob = z.object({
  ...jobCommon,
  kind: z.literal('evaluate'),
  modelId, // the evaluated model
  datasetId,
  versionId, // the version with the test images
  options: evaluateOptions,
})
export const job = z.discriminatedUnion('kind', [prepareJob, trainJob, evaluateJob])
export type Job = z.infer<typeof job>
export type TrainJob = z.infer<typeof trainJob>
export type PrepareJob = z.infer<typeof prepareJob>
export type EvaluateJob = z.infer<typeof evaluateJob>

/** An entry in a queue. `entry` counts how often the job was queued, so that the same job can be queued again. */
export const queueEntry = z.strictObject({ jobId, entry: z.int().nonnegative() })
export type QueueEntry = z.infer<typeof queueEntry>

/**
 * The job file: everything that a trainer is told, besides the store's address in its environment. Object keys are
 * complete keys. Signals control a trainer. On SIGTERM it writes a checkpoint, evaluates, keeps the model and exits
 * with 0. On SIGUSR2 it writes a checkpoint and exits with `suspendedExitCode`.
 */
// The model that mCE and mFR compare with.
const referenceModel = z.object({ modelId, name: z.string(), reportKey: z.string() })
const jobFileCommon = { schemaVersion: z.literal(1), jobId, projectId, attempt: z.int().positive() }
export const prepareJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('prepare'),
  options: prepareOptions,
  uploadKey: z.string(),
  uploadName: z.string(),
  outputPrefix: z.string(), // belongs to this attempt alone
  maxBytes: z.int().positive(), // limit for the unpacked archive
  maxImages: z.int().positive(),
})
export const trainJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('train'),
  name: z.string(),
  spec: trainingSpec,
  versionPrefix: z.string(), // the folder of the data set's manifest.json
  checkpointPrefix: z.string(), // all attempts of the job share it
  outputPrefix: z.string(), // belongs to this attempt alone
  checkpointEverySeconds: z.number().positive(),
  reference: referenceModel.nullable(),
  network: z.object({ prefix: z.string() }).nullable(), // the files of an uploaded network; null for one of ours
  // The model or network whose weights the training begins with.
  from: z.object({ id: z.union([modelId, networkId]), name: z.string(), prefix: z.string() }).nullable(),
})
export const evaluateJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('evaluate'),
  name: z.string(), // name of the model
  modelId,
  modelPrefix: z.string(), // the folder of the model's manifest.json
  options: evaluateOptions,
  versionPrefix: z.string(),
  outputPrefix: z.string(), // belongs to this attempt alone
  // Measured on the same pictures
  reference: z.object({ modelId, name: z.string(), modelPrefix: z.string() }).nullable(),
})
/** A short measurement of the machine. It is no job of a user: it has no project, no record and no object. */
export const probeJobFile = z.object({
  schemaVersion: z.literal(1),
  jobId,
  attempt: z.literal(0), // a job's attempts count from 1
  kind: z.literal('probe'),
})
export const jobFile = z.discriminatedUnion('kind', [prepareJobFile, trainJobFile, evaluateJobFile, probeJobFile])
export type JobFile = z.infer<typeof jobFile>
export type TrainJobFile = z.infer<typeof trainJobFile>
export type PrepareJobFile = z.infer<typeof prepareJobFile>
export type EvaluateJobFile = z.infer<typeof evaluateJobFile>

/** What a probe measured. It is the only line that a probe writes to its standard output. */
export const probeResult = z.object({
  type: z.literal('probed'),
  multiplyAddsPerSecond: z.number().positive(), // of training, data included
  device: z.string(),
})
export type ProbeResult = z.infer<typeof probeResult>

/**
 * The exit code of a trainer that was told to suspend (SIGUSR2) and wrote a checkpoint. Its job goes back to the queue.
 */
export const suspendedExitCode = 75
