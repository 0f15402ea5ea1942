import {
  evaluationComparison,
  evaluationManifest,
  evaluationPaths,
  evaluationSummary,
  Failure,
  jobId,
  makeId,
  whyNotEvaluable,
  type EvaluateJob,
  type evaluateRequest,
  type EvaluationManifest,
  type EvaluationSummary,
} from '@imclr/contract'
import { insertJob, lockModelForShare, lockVersionForShare, trainingSpeed, type JobRow } from '@imclr/database'
import { z } from 'zod'
import { comparePredictions } from '../model/compareModels.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { requireObject } from '../request/references.js'
import { estimateEvaluation } from './estimates.js'
import { enqueue, requireJob, toEvaluateJob } from './jobs.js'
import { lockReference, lockTrainedNetwork } from './submitTraining.js'

/**
 * Submits an evaluation of a model on the test images of a version, its own or another one. A reference model is
 * evaluated on the same images. Throws Failure NOT_FOUND (model, version, reference), and BAD_INPUT where classes or
 * pictures do not fit, with those of both.
 */
export async function evaluateModel(call: Call, input: z.output<typeof evaluateRequest>): Promise<EvaluateJob> {
  const {
    caller: { projectId },
    clock,
    random,
  } = call
  const { modelId, versionId, name, options, limits } = input
  const job = await idempotent(call, input, async (tx) => {
    const model = await lockModelForShare(tx, { projectId, modelId })
    if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
    const version = await lockVersionForShare(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    const reference = await lockReference(tx, { projectId, referenceModelId: options.referenceModelId })
    const fitting = { ...version.summary, testImages: version.summary.counts.test }
    const issues = [
      ...whyNotEvaluable(model.manifest, fitting),
      ...(reference
        ? whyNotEvaluable(reference.manifest, fitting).map((issue) => ({ ...issue, path: 'options.referenceModelId' }))
        : []),
    ]
    if (issues.length > 0)
      throw new Failure(
        'BAD_INPUT',
        `Model ${modelId} does not fit version ${versionId}: ${issues.map(({ message }) => message).join('; ')}`,
        { issues },
      )

    const createdAt = clock()
    const { network } = await lockTrainedNetwork(tx, projectId, { network: model.manifest.network, fineTune: null })
    const estimate = estimateEvaluation(
      { spec: model.manifest.spec, options, models: reference ? 2 : 1 },
      version.summary,
      { network, training: await trainingSpeed(tx, model.manifest.spec) },
    )
    return toEvaluateJob(
      tx,
      await insertJob(tx, {
        id: makeId('job', random(20)),
        projectId,
        kind: 'evaluate',
        name: name ?? null,
        datasetId: version.datasetId,
        versionId,
        modelId,
        options,
        limits,
        estimate,
        createdAt,
        queuedAt: createdAt,
      }),
    )
  })
  await enqueue(call, job)
  return job
}

/**
 * The result of an evaluation: its main numbers, and its files, which `/v1/evaluations/<job>/<path>` serves. Throws
 * Failure CONFLICT where it has not succeeded.
 */
export async function getEvaluation(call: Call, { jobId }: { jobId: string }): Promise<EvaluationSummary> {
  return toEvaluationSummary(await requireEvaluation(call, await requireJob(call, jobId)))
}

const toEvaluationSummary = ({
  jobId,
  modelId,
  versionId,
  accuracy,
  meanCorruptionError,
  meanFlipProbability,
  files,
}: EvaluationManifest): EvaluationSummary => ({
  jobId,
  modelId,
  versionId,
  accuracy,
  meanCorruptionError,
  meanFlipProbability,
  files,
})

/** The manifest of an evaluation. Throws Failure CONFLICT where the job is no evaluation, or has not succeeded. */
export async function requireEvaluation({ store }: Pick<Call, 'store'>, row: JobRow): Promise<EvaluationManifest> {
  if (row.kind !== 'evaluate') throw new Failure('CONFLICT', `Job ${row.id} is no evaluation`)
  if (row.state !== 'succeeded') throw new Failure('CONFLICT', `Evaluation ${row.id} is ${row.state}: it has no result`)
  const bytes = await requireObject(store.read(row.outputPrefix! + evaluationPaths.manifest))
  return evaluationManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

export const compareEvaluationsRequest = z.strictObject({ a: jobId, b: jobId })
export const comparedEvaluations = z.object({
  a: evaluationSummary,
  b: evaluationSummary,
  ...evaluationComparison.shape,
})

/**
 * Compares two evaluations on one version, image by image, whatever their models were trained on. Differences are `b`
 * minus `a`. Evaluations on a stored set of corrupted images are compared on these alone. Throws Failure CONFLICT where
 * a job is no evaluation that has succeeded, and where the evaluations are of different versions or have no images in
 * common.
 */
export async function compareEvaluations(
  call: Call,
  input: z.output<typeof compareEvaluationsRequest>,
): Promise<z.infer<typeof comparedEvaluations>> {
  const [one, other] = await Promise.all([requireJob(call, input.a), requireJob(call, input.b)])
  const [a, b] = await Promise.all([requireEvaluation(call, one), requireEvaluation(call, other)])
  if (a.versionId !== b.versionId)
    throw new Failure(
      'CONFLICT',
      `Evaluations are compared on the same test images; ${a.jobId} is of ${a.versionId} and ${b.jobId} of ${b.versionId}`,
    )
  const compared = await comparePredictions(
    call.store,
    one.outputPrefix! + evaluationPaths.predictions,
    other.outputPrefix! + evaluationPaths.predictions,
  )
  if (compared.clean === null && compared.corruption === null)
    throw new Failure(
      'CONFLICT',
      `${a.jobId} and ${b.jobId} cannot be compared: ${compared.whyNoCorruption}. Evaluate both with the same options`,
    )
  return { a: toEvaluationSummary(a), b: toEvaluationSummary(b), ...compared }
}
