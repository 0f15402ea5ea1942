/** An evaluation of a registered model on the test images of another version: the request and the resulting files. */
import { z } from 'zod'
import { givenName } from './access.js'
import { artifactFile } from './artifact.js'
import { sha256, type Picture } from './dataset.js'
import type { Issue } from './failure.js'
import { jobId, modelId, versionId } from './ids.js'
import { evaluationSpec, limits } from './trainingSpec.js'

export const evaluateOptions = evaluationSpec.extend({
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1), // decides the corrupted pictures and the chosen images, as subsetSeed does for a training
})
export type EvaluateOptions = z.output<typeof evaluateOptions>
export type EvaluateOptionsInput = z.input<typeof evaluateOptions>

export const evaluateRequest = z.strictObject({
  modelId,
  versionId,
  name: givenName().optional(), // name of the job
  options: evaluateOptions.default(evaluateOptions.parse({})),
  limits: limits.default(limits.parse({})),
})

/** Paths of an evaluation's files. The predictions have the same format as those of a model. */
export const evaluationPaths = {
  report: 'report.json',
  page: 'report.html',
  predictions: 'predictions.bin',
  manifest: 'manifest.json',
} as const

/** `manifest.json`, written last: without it there is no evaluation. */
export const evaluationManifest = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('evaluation'),
  jobId,
  attempt: z.int().positive(),
  modelId,
  versionId,
  modelManifestSha256: sha256, // hash of the evaluated model's manifest
  accuracy: z.number().nullable(), // null without clean images
  // Over the benchmark's corruptions, unnormalised; null if the job asked for none.
  meanCorruptionError: z.number().nullable(),
  meanFlipProbability: z.number().nullable(),
  files: z.array(artifactFile),
})
export type EvaluationManifest = z.infer<typeof evaluationManifest>

/** The fields of a successful evaluation that API and SDK show. */
export const evaluationSummary = evaluationManifest.pick({
  jobId: true,
  modelId: true,
  versionId: true,
  accuracy: true,
  meanCorruptionError: true,
  meanFlipProbability: true,
  files: true,
})
export type EvaluationSummary = z.infer<typeof evaluationSummary>

interface Sort {
  classes: readonly string[]
  picture: Picture
}

/** The size in the form of an upload's option `imageSize`. */
const imageSizeOf = ({ height, width }: Picture) =>
  height === width ? String(height) : `{ height: ${height}, width: ${width} }`

/**
 * Why a model cannot be evaluated on a version: other classes, pictures made by another rule, or no test images. The
 * list is empty if it can.
 */
export function whyNotEvaluable(model: Sort, version: Sort & { testImages: number }): Issue[] {
  const issues: Issue[] = []
  const known = new Set(model.classes)
  const list = (names: readonly string[]) =>
    names
      .slice(0, 200)
      .map((name) => JSON.stringify(name))
      .join(', ') + (names.length > 200 ? `, and ${names.length - 200} more` : '')
  if (version.classes.length !== model.classes.length || version.classes.some((name) => !known.has(name))) {
    issues.push({
      path: 'classes',
      code: 'does_not_fit',
      message: `The model tells apart ${list(model.classes)}; the version has ${list(version.classes)}`,
      fix: 'Name the classes of the data as the model names them: the same ones, no more and no fewer',
    })
  }
  const say = ({ height, width, fit, kernel }: Picture) => `${width} x ${height} pixels by '${fit}' with ${kernel}`
  if (say(model.picture) !== say(version.picture)) {
    issues.push({
      path: 'picture',
      code: 'does_not_fit',
      message: `The model takes pictures of ${say(model.picture)}; those of the version have ${say(version.picture)}`,
      fix: `Upload the data with imageSize ${imageSizeOf(model.picture)} and fit '${model.picture.fit}'`,
    })
  }
  if (version.testImages === 0)
    issues.push({
      path: 'versionId',
      code: 'does_not_fit',
      message: 'The version has no test images',
      fix: 'Give it a test part',
    })
  return issues
}
