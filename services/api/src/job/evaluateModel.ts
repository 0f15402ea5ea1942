import { Failure, makeId, whyNotEvaluable, type evaluateRequest, type EvaluateJob } from '@imclr/contract'
import { holdModel, holdVersion, insertJob, measuredSpeed } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { enqueue } from './enqueue.js'
import { estimateEvaluation } from './estimateJob.js'
import { holdNetwork } from './holdNetwork.js'
import { holdReference } from './holdReference.js'
import { shownEvaluateJob } from './shownJob.js'

/**
 * Asks for an evaluation of a registered model on the test images of a version, its own or another. A reference model is measured on
 * the same images. Throws Failure NOT_FOUND (model, version, reference), and BAD_INPUT where classes or pictures do not fit, with both.
 */
export async function evaluateModel(call: Call, input: z.output<typeof evaluateRequest>): Promise<EvaluateJob> {
  const {
    caller: { projectId },
    clock,
    random,
  } = call
  const { modelId, versionId, name, options, limits } = input
  const job = await idempotent(call, input, async (tx) => {
    const model = await holdModel(tx, { projectId, modelId })
    if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${modelId}`)
    const version = await holdVersion(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    const reference = await holdReference(tx, { projectId, referenceModelId: options.referenceModelId })
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
    const { network } = await holdNetwork(tx, projectId, { network: model.manifest.network, fineTune: null })
    const estimate = estimateEvaluation(
      { spec: model.manifest.spec, options, models: reference ? 2 : 1 },
      version.summary,
      { network, measured: await measuredSpeed(tx, model.manifest.spec) },
    )
    return shownEvaluateJob(
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
