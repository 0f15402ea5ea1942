/**
 * Events. A trainer writes them as JSON lines to its standard output (`trainerEvent`); the scheduler numbers and stores them
 * (`jobEvent`), and API and SDK stream them. After a crash a trainer repeats the epochs since its checkpoint: an event with
 * `once` is stored at most once per job under that name, so a reader neither loses nor repeats one.
 */
import { z } from 'zod'
import { failureRecord } from './failure.js'
import { jobId, modelId, versionId } from './ids.js'
import { jobState, progress } from './job.js'
import { note } from './note.js'

const once = { once: z.string().max(100).optional() }

/** What happened in one pass over the training images. */
export const epochRecord = z.object({
  epoch: z.int().positive(),
  loss: z.number(), // mean cross-entropy over the epoch's labelled inputs
  /** Mean entropy of the labels drawn: no loss can be below it (method.md 1.4). */
  labelEntropy: z.number(),
  learningRate: z.number(), // at the last step
  steps: z.int(), // in total, at its end
  seconds: z.number(),
  imagesPerSecond: z.number(), // inputs, stacked or not, per second
  /** On the part of the training images that was held back, by the weights that would be the model; absent without such a part. */
  validation: z.object({ accuracy: z.number(), loss: z.number() }).optional(),
  /** Of the unlabelled images; absent without any. */
  unlabelled: z
    .object({
      term: z.number(), // mean of the loss term before its weight
      weighted: z.number(), // mean of what was added to the cross-entropy: weight times term
      weight: z.number(), // at the last step
      ramp: z.number(), // share of the whole weight, at the last step
      counted: z.number(), // share of the unlabelled inputs that the term is made of; below one for pseudo-labels that are not sure enough
    })
    .optional(),
})
export type EpochRecord = z.infer<typeof epochRecord>

export const trainerEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    engine: z.string(),
    device: z.string(),
    execution: z.string(),
    precision: z.string(),
    resumedFrom: z.object({ epoch: z.int(), step: z.int() }).nullable(),
    ...once,
  }),
  z.object({ type: z.literal('progress'), ...progress.shape, ...once }),
  z.object({ type: z.literal('epoch'), ...epochRecord.shape, ...once }),
  z.object({
    type: z.literal('checkpoint'),
    key: z.string(),
    epoch: z.int(),
    step: z.int(),
    bytes: z.int(),
    sha256: z.string(),
    ...once,
  }),
  z.object({
    type: z.literal('evaluated'),
    accuracy: z.number(),
    low: z.number(),
    high: z.number(),
    images: z.int(),
    corruptionError: z.number().nullable(),
    corruptionImages: z.int(),
    rawAccuracy: z.number().optional(),
    ...once,
  }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['info', 'warn', 'error']),
    message: z.string().max(4000),
    ...once,
  }),
  /** What a preparation did with its upload without being asked. The version that comes of it may be one that is there already, with notes of its own. */
  z.object({ type: z.literal('noted'), notes: z.array(note), ...once }),
  /** The last line of a trainer that did its work: a version (prepare) or an artifact (train) lies under `manifestKey`. */
  z.object({
    type: z.literal('output'),
    manifestKey: z.string(),
    manifestSha256: z.string(),
    endedEarly: z.enum(['stopped']).nullable(),
    ...once,
  }),
  /** The last line of a trainer that could not; its exit code says the same. */
  z.object({ type: z.literal('failed'), failure: failureRecord, ...once }),
])
export type TrainerEvent = z.infer<typeof trainerEvent>

/** What the scheduler itself has to say of a job. */
export const lifecycleEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queued'), position: z.int().nullable() }),
  z.object({ type: z.literal('state'), state: jobState, reason: z.string().nullable() }),
  z.object({ type: z.literal('retry'), failure: failureRecord, attempt: z.int(), of: z.int() }),
  z.object({
    type: z.literal('finished'),
    state: jobState,
    modelId: modelId.nullable(),
    versionId: versionId.nullable(),
    failure: failureRecord.nullable(),
  }),
])
export type LifecycleEvent = z.infer<typeof lifecycleEvent>

export const jobEvent = z.object({
  jobId,
  number: z.int().positive(), // without gaps, from 1
  attempt: z.int().nonnegative(),
  at: z.iso.datetime(),
  event: z.union([trainerEvent, lifecycleEvent]),
})
export type JobEvent = z.infer<typeof jobEvent>
