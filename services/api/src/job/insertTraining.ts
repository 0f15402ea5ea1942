import { Failure, fitSpec, makeId, type TrainingSpec } from '@imclr/contract'
import { insertJob, measuredSpeed, type JobRow, type Queries, type VersionRow } from '@imclr/database'
import type { Call } from '../request/context.js'
import { checkMemory } from './checkMemory.js'
import { checkSpec } from './checkSpec.js'
import { estimateJob } from './estimateJob.js'
import { estimateMemory } from './estimateMemory.js'
import { holdNetwork } from './holdNetwork.js'
import { holdReference } from './holdReference.js'

export interface TrainingToInsert {
  /** Held by the transaction. */
  version: VersionRow
  spec: TrainingSpec
  name: string | null
}

/**
 * Records a training that waits; to be queued once the transaction has committed. Throws Failure NOT_FOUND (reference model, network,
 * model to begin with) and BAD_INPUT where the spec does not fit the data, or the training not into the memory of the machine that trains.
 */
export async function insertTraining(
  tx: Queries,
  { caller: { projectId }, clock, random, config }: Pick<Call, 'caller' | 'clock' | 'random' | 'config'>,
  { version, spec: wanted, name }: TrainingToInsert,
): Promise<JobRow> {
  const { spec: decided, network } = await holdNetwork(tx, projectId, wanted)
  const spec = fitSpec(decided, version.summary.counts.train)
  const reference = await holdReference(tx, { projectId, referenceModelId: spec.evaluation.referenceModelId })
  const issues = checkSpec(spec, version.summary, { network, reference: reference?.manifest ?? null })
  if (issues.length === 0)
    issues.push(...checkMemory(spec, version.summary, { network: network.memory, limit: config.trainerMemoryBytes }))
  if (issues.length > 0)
    throw new Failure(
      'BAD_INPUT',
      `The spec does not fit version ${version.id}: ${issues.map(({ message }) => message).join('; ')}`,
      { issues },
    )

  const createdAt = clock()
  return insertJob(tx, {
    id: makeId('job', random(20)),
    projectId,
    kind: 'train',
    name,
    datasetId: version.datasetId,
    versionId: version.id,
    spec,
    limits: spec.limits,
    estimate: {
      ...estimateJob(spec, version.summary, { network, measured: await measuredSpeed(tx, spec) }),
      memoryBytes: estimateMemory(spec, version.summary, network.memory),
    },
    createdAt,
    queuedAt: createdAt,
  })
}
