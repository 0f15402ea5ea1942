/** A model's files, and the manifest that lists them. The manifest is written last: without it there is no model. */
import { z } from 'zod'
import { picture, sha256 } from './dataset.js'
import { datasetId, jobId, modelId, networkId, versionId } from './ids.js'
import { networkRef } from './network.js'
import { trainingSpec } from './trainingSpec.js'

export const artifactFile = z.object({
  path: z.string().regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/),
  bytes: z.int().nonnegative(),
  sha256,
  contentType: z.string(),
})
export type ArtifactFile = z.infer<typeof artifactFile>

/**
 * The files that every artifact has. `golden/` holds 8 inputs as uploaded; `golden.json` holds their pixels and
 * outputs.
 */
export const artifactPaths = {
  model: 'model.json',
  weights: 'weights.bin',
  labels: 'labels.json',
  golden: 'golden.json',
  report: 'report.json',
  page: 'report.html',
  predictions: 'predictions.bin',
  card: 'model-card.md',
  environment: 'environment.json',
  manifest: 'manifest.json',
} as const

/** `labels.json`: the class names in the order of the outputs, and how a picture becomes the model's input. */
export const labelsFile = z.object({ classes: z.array(z.string()).min(2), picture })

/**
 * `golden.json`: the answers that the model must give wherever it runs. Pixels are uint8 `[height, width, 3]`, encoded
 * in base64.
 */
export const goldenFile = z.object({
  picture,
  cases: z.array(
    z.object({ original: z.string(), label: z.string(), pixels: z.base64(), probabilities: z.array(z.number()) }),
  ),
})
export type GoldenFile = z.infer<typeof goldenFile>

/** The GPU that a job computes on. Absent where it computes on the CPU. */
export const gpuFacts = z.object({
  gpu: z.string().optional(), // name
  driver: z.string().optional(), // version
  cuda: z.string().optional(), // newest version that the driver serves
  computeCapability: z.string().optional(),
})
export type GpuFacts = z.infer<typeof gpuFacts>

/** `environment.json`: the machine and the software that made the numbers. */
export const environment = z.object({
  imclr: z.string(),
  node: z.string(),
  tfjs: z.string(),
  tensorflow: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: z.int(),
  device: z.string(),
  ...gpuFacts.shape,
  threads: z.int().nullable(),
})
export type Environment = z.infer<typeof environment>

/** The model or network whose weights a model began with. */
export const origin = z.object({
  id: z.union([modelId, networkId]),
  name: z.string(),
  sha256, // hash of a model's manifest, or of an uploaded network's weights
  frozen: z.array(z.string()), // names of the layers that kept their weights and statistics
  licence: z.string().nullable(), // as the uploader gave it
})
export type Origin = z.infer<typeof origin>

export const artifactManifest = z.object({
  schemaVersion: z.literal(1),
  jobId,
  attempt: z.int().positive(),
  name: z.string(),
  network: networkRef,
  // The layers of the model's network that have weights, first to last. `fineTune.freeze` can name these.
  layers: z.array(z.string()).default([]),
  origin: origin.nullable().default(null),
  spec: trainingSpec,
  versionId,
  classes: z.array(z.string()),
  picture,
  parameters: z.int(),
  epochsTrained: z.int(),
  endedEarly: z.enum(['stopped']).nullable(),
  accuracy: z.number(),
  /** Largest difference between the golden outputs and those of the model loaded anew from the store. */
  goldenDifference: z.number().max(1e-4),
  multiplyAddsPerSecond: z.number().nonnegative(), // measured in training, for later estimates
  files: z.array(artifactFile),
})
export type ArtifactManifest = z.infer<typeof artifactManifest>

export const modelSummary = z.object({
  id: modelId,
  name: z.string(),
  jobId,
  datasetId,
  versionId,
  network: networkRef,
  layers: z.array(z.string()).default([]),
  origin: origin.nullable().default(null),
  mode: z.enum(['imclr', 'baseline']),
  classes: z.array(z.string()),
  picture,
  parameters: z.int(),
  epochsTrained: z.int(),
  endedEarly: z.enum(['canceled', 'time_limit']).nullable(),
  accuracy: z.number(),
  public: z.boolean(),
  bytes: z.int(),
  files: z.array(artifactFile),
  createdAt: z.iso.datetime(),
})
export type ModelSummary = z.infer<typeof modelSummary>
