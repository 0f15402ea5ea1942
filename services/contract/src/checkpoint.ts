/**
 * A checkpoint: `<checkpointPrefix>/<epoch>-<step>/state.bin` (the tensors, float32 little-endian, without gaps) and `state.json`,
 * written last. One attempt of a job writes it, the next goes on from it.
 */
import { z } from 'zod'
import { sha256 } from './dataset.js'
import { epochRecord } from './event.js'
import { jobId } from './ids.js'

/** Sums over the steps of an epoch that is under way. */
export const epochSums = z.object({
  steps: z.int().nonnegative(),
  loss: z.number(),
  labelEntropy: z.number(),
  inputs: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  unlabelled: z.object({ term: z.number(), weighted: z.number(), counted: z.number() }).optional(),
})
export type EpochSums = z.infer<typeof epochSums>

export const trainingPosition = z.object({
  epoch: z.int().nonnegative(), // passes completed
  step: z.int().nonnegative(), // steps done, over all epochs
  sums: epochSums, // of the pass under way
  history: z.array(epochRecord), // of the passes completed
  /** The training was told to end here: whoever goes on from this evaluates and exports. */
  endedEarly: z.enum(['stopped']).nullable(),
})
export type TrainingPosition = z.infer<typeof trainingPosition>

export const checkpointState = trainingPosition.extend({
  schemaVersion: z.literal(1),
  jobId,
  attempt: z.int().positive(),
  fingerprint: sha256, // over spec and version: it fits only the training that wrote it
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int().nonnegative()) })), // in the order of state.bin
  bytes: z.int().nonnegative(), // of state.bin
  sha256,
})
export type CheckpointState = z.infer<typeof checkpointState>
