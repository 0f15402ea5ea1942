/**
 * A checkpoint has two files under `<checkpointPrefix>/<epoch>-<step>/`: `state.bin` (the tensors, float32
 * little-endian, without gaps) and `state.json`, which is written last. One attempt of a job writes the checkpoint; the
 * next attempt goes on from it.
 */
import { z } from 'zod'
import { sha256 } from './dataset.js'
import { epochRecord } from './event.js'
import { jobId } from './ids.js'

/** Sums over the steps done so far in the current epoch. */
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
  epoch: z.int().nonnegative(), // completed passes
  step: z.int().nonnegative(), // completed steps of all epochs
  sums: epochSums, // sums of the current pass
  history: z.array(epochRecord), // one record per completed pass
  /** 'stopped' if the training was told to end here: the attempt that goes on from here only evaluates and exports. */
  endedEarly: z.enum(['stopped']).nullable(),
})
export type TrainingPosition = z.infer<typeof trainingPosition>

export const checkpointState = trainingPosition.extend({
  schemaVersion: z.literal(1),
  jobId,
  attempt: z.int().positive(),
  fingerprint: sha256, // hash over spec and version: the checkpoint fits only the training that wrote it
  // In their order in state.bin.
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int().nonnegative()) })),
  bytes: z.int().nonnegative(), // size of state.bin
  sha256,
})
export type CheckpointState = z.infer<typeof checkpointState>
