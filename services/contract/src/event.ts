/**
 * Events. A trainer writes them as JSON lines to its standard output (`trainerEvent`). The scheduler numbers and stores
 * them (`jobEvent`). API and SDK stream them. After a crash a trainer repeats the epochs since its checkpoint. An event
 * with `once` is stored at most once per job under that name, so a reader neither misses an event nor sees it twice.
 */
import { z } from 'zod'
import { gpuFacts } from './artifact.js'
import { failureRecord } from './failure.js'
import { jobId, modelId, versionId } from './ids.js'
import { jobState, progress } from './job.js'
import { note } from './note.js'

/** Largest number of characters in the message of a log event. */
export const longestLogMessage = 4000

const once = { once: z.string().max(100).optional() }

/** What happened in one pass over the training images. */
export const epochRecord = z.object({
  epoch: z.int().positive(),
  loss: z.number(), // mean cross-entropy over the epoch's labelled inputs
  /** Mean entropy of the drawn labels. No loss can be below it (docs/method.md). */
  labelEntropy: z.number(),
  learningRate: z.number(), // at the last step
  steps: z.int(), // total at the end of the epoch
  seconds: z.number(),
  imagesPerSecond: z.number(), // inputs per second, stacked or not
  /**
   * Measured on the validation images, with the weights that would become the model. Absent without validation images.
   */
  validation: z.object({ accuracy: z.number(), loss: z.number() }).optional(),
  /** Numbers about the unlabelled images. Absent without such images. */
  unlabelled: z
    .object({
      term: z.number(), // mean of the loss term, before the weight
      weighted: z.number(), // mean of the amount added to the cross-entropy: weight times term
      weight: z.number(), // at the last step
      ramp: z.number(), // share of the full weight, at the last step
      // Share of the unlabelled inputs that count in the term. It is below one if some pseudo-labels are not sure
      // enough.
      counted: z.number(),
    })
    .optional(),
})
export type EpochRecord = z.infer<typeof epochRecord>

export const trainerEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('started'),
    engine: z.string(),
    device: z.string(),
    ...gpuFacts.shape,
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
    message: z.string().max(longestLogMessage),
    ...once,
  }),
  /**
   * What a preparation did with its upload without being asked. The resulting version may be one that exists already,
   * with notes of its own.
   */
  z.object({ type: z.literal('noted'), notes: z.array(note), ...once }),
  /**
   * The last line of a trainer that succeeded. The manifest of its result, such as a version or an artifact, lies at
   * `manifestKey`.
   */
  z.object({
    type: z.literal('output'),
    manifestKey: z.string(),
    manifestSha256: z.string(),
    endedEarly: z.enum(['stopped']).nullable(),
    ...once,
  }),
  /** The last line of a trainer that failed. Its exit code says the same. */
  z.object({ type: z.literal('failed'), failure: failureRecord, ...once }),
])
export type TrainerEvent = z.infer<typeof trainerEvent>

/** The scheduler's own events about a job. */
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
  number: z.int().positive(), // counts from 1 without gaps
  attempt: z.int().nonnegative(),
  at: z.iso.datetime(),
  event: z.union([trainerEvent, lifecycleEvent]),
})
export type JobEvent = z.infer<typeof jobEvent>
