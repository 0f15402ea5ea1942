/** Jobs: their states, which state may follow which, the record that API and SDK show, and the file a trainer reads. */
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

/** `starting` and `running` go back to `queued` when an attempt is to be tried again or was suspended by a shutdown. */
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

/** The queues of jobs. Trainings and evaluations wait for a device; preparations need none and wait for each other alone. */
export const queueNames = ['device', 'preparation'] as const
export type QueueName = (typeof queueNames)[number]
export const queueOf = (kind: JobKind): QueueName => (kind === 'prepare' ? 'preparation' : 'device')

/** A job's priority in its queue; 1 is served first. An evaluation is short; a training that has begun goes before new ones. */
export const priorityOf = ({ kind, attempt }: { kind: JobKind; attempt: number }): number =>
  kind !== 'train' ? 1 : attempt > 0 ? 2 : 3

/** `graceful`: checkpoint, evaluate, keep. `now`: the process is ended and nothing more is computed. */
export const cancelMode = z.enum(['graceful', 'now'])
export type CancelMode = z.infer<typeof cancelMode>

export const phases = ['queued', 'loading', 'preparing', 'training', 'evaluating', 'exporting', 'verifying'] as const
export const progress = z.object({
  phase: z.enum(phases),
  done: z.number().nonnegative(), // units of the phase: images, steps, cells, bytes
  total: z.number().nonnegative(),
  unit: z.string(),
  epoch: z.int().optional(), // from 1
  epochs: z.int().optional(),
  imagesPerSecond: z.number().optional(),
  secondsLeft: z.number().nullable(), // of the whole job where known, else of the phase
})
export type Progress = z.infer<typeof progress>

export const estimate = z.object({
  seconds: z.number(),
  basis: z.enum(['measured', 'assumed']), // of the seconds
  note: z.string(),
  memoryBytes: z.int().nonnegative().nullable().default(null), // of a training at its largest; null: not estimated
})
export type Estimate = z.infer<typeof estimate>

const jobCommon = {
  id: jobId,
  projectId,
  name: z.string().nullable(),
  state: jobState,
  attempt: z.int().nonnegative(), // 0: none yet
  limits,
  estimate: estimate.nullable(),
  progress: progress.nullable(),
  cancelRequested: cancelMode.nullable(),
  failure: failureRecord.nullable(),
  /** Why a job that kept a model ended before its last epoch. */
  endedEarly: z.enum(['canceled', 'time_limit']).nullable(),
  lastCheckpoint: z.object({ at: z.iso.datetime(), epoch: z.int(), step: z.int() }).nullable(),
  queuePosition: z.int().nullable(), // 1: next; null: not waiting
  waitingFor: z.string().nullable(), // why it waits, in words
  lastEvent: z.int().nonnegative(), // number of its newest event; 0: none
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
  modelId, // what is evaluated
  datasetId,
  versionId, // on whose test images
  options: evaluateOptions,
})
export const job = z.discriminatedUnion('kind', [prepareJob, trainJob, evaluateJob])
export type Job = z.infer<typeof job>
export type TrainJob = z.infer<typeof trainJob>
export type PrepareJob = z.infer<typeof prepareJob>
export type EvaluateJob = z.infer<typeof evaluateJob>

/** What lies in a queue: a job's id and, as `entry`, how often the job was queued, so that it can be queued again. */
export const queueEntry = z.strictObject({ jobId, entry: z.int().nonnegative() })
export type QueueEntry = z.infer<typeof queueEntry>

/**
 * The job file: all that a trainer is told (beside the store's address in its environment). Object keys are whole keys.
 * Control is by signal: SIGTERM: checkpoint, evaluate, keep, exit 0; SIGUSR2: checkpoint and exit `suspendedExitCode`.
 */
const referenceModel = z.object({ modelId, name: z.string(), reportKey: z.string() }) // of mCE and mFR
const jobFileCommon = { schemaVersion: z.literal(1), jobId, projectId, attempt: z.int().positive() }
export const prepareJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('prepare'),
  options: prepareOptions,
  uploadKey: z.string(),
  uploadName: z.string(),
  outputPrefix: z.string(), // of this attempt alone
  maxBytes: z.int().positive(), // of the unpacked archive
  maxImages: z.int().positive(),
})
export const trainJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('train'),
  name: z.string(),
  spec: trainingSpec,
  versionPrefix: z.string(), // where the data set's manifest.json is
  checkpointPrefix: z.string(), // of the job, shared by its attempts
  outputPrefix: z.string(), // of this attempt alone
  checkpointEverySeconds: z.number().positive(),
  reference: referenceModel.nullable(),
  network: z.object({ prefix: z.string() }).nullable(), // where the files of an uploaded network are; null: one of ours
  from: z.object({ id: z.union([modelId, networkId]), name: z.string(), prefix: z.string() }).nullable(), // whose weights it begins with
})
export const evaluateJobFile = z.object({
  ...jobFileCommon,
  kind: z.literal('evaluate'),
  name: z.string(), // of the model
  modelId,
  modelPrefix: z.string(), // where the model's manifest.json is
  options: evaluateOptions,
  versionPrefix: z.string(),
  outputPrefix: z.string(), // of this attempt alone
  reference: z.object({ modelId, name: z.string(), modelPrefix: z.string() }).nullable(), // measured on the same pictures
})
export const jobFile = z.discriminatedUnion('kind', [prepareJobFile, trainJobFile, evaluateJobFile])
export type JobFile = z.infer<typeof jobFile>
export type TrainJobFile = z.infer<typeof trainJobFile>
export type PrepareJobFile = z.infer<typeof prepareJobFile>
export type EvaluateJobFile = z.infer<typeof evaluateJobFile>

/** A trainer that was told to suspend (SIGUSR2) and wrote a checkpoint exits with this; the job goes back to the queue. */
export const suspendedExitCode = 75
