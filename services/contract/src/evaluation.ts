/** A registered model on the test images of another version: what is asked for, and the files that come of it. */
import { z } from 'zod'
import { artifactFile } from './artifact.js'
import { sha256 } from './dataset.js'
import { jobId, modelId, versionId } from './ids.js'
import { evaluationSpec, limits } from './trainingSpec.js'

export const evaluateOptions = evaluationSpec.extend({
  seed: z.int().min(0).max(2 ** 31 - 1).default(1), // of the corrupted pictures and of which images: a training's subsetSeed
})
export type EvaluateOptions = z.output<typeof evaluateOptions>
export type EvaluateOptionsInput = z.input<typeof evaluateOptions>

export const evaluateRequest = z.strictObject({
  modelId,
  versionId,
  name: z.string().trim().min(1).max(100).optional(), // of the job
  options: evaluateOptions.default(evaluateOptions.parse({})),
  limits: limits.default(limits.parse({})),
})

/** Of an evaluation's files; the predictions have the form of a model's. */
export const evaluationPaths = { report: 'report.json', page: 'report.html', predictions: 'predictions.bin', manifest: 'manifest.json' } as const

/** `manifest.json`, written last: without it there is no evaluation. */
export const evaluationManifest = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('evaluation'),
  jobId,
  attempt: z.int().positive(),
  modelId,
  versionId,
  modelManifestSha256: sha256, // of the model that was evaluated
  accuracy: z.number().nullable(), // null: no clean images
  meanCorruptionError: z.number().nullable(), // of the 15 corruptions, unnormalised; null: none asked for
  meanFlipProbability: z.number().nullable(),
  files: z.array(artifactFile),
})
export type EvaluationManifest = z.infer<typeof evaluationManifest>

/** What API and SDK show of an evaluation that has succeeded. */
export const evaluationSummary = evaluationManifest.pick({ jobId: true, modelId: true, versionId: true, accuracy: true, meanCorruptionError: true, meanFlipProbability: true, files: true })
export type EvaluationSummary = z.infer<typeof evaluationSummary>
