import {
  Failure,
  fitSpec,
  isUploaded,
  makeId,
  networks,
  type NetworkLayer,
  type NetworkName,
  type TrainingSpec,
  type TrainJob,
  type trainRequest,
} from '@imclr/contract'
import {
  insertJob,
  lockModelForShare,
  lockNetworkForShare,
  lockVersionForShare,
  trainingSpeed,
  type JobRow,
  type ModelRow,
  type NetworkRow,
  type Queries,
  type VersionRow,
} from '@imclr/database'
import type { z } from 'zod'
import { toNetwork } from '../network/networks.js'
import type { Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { checkSpec } from './checkSpec.js'
import {
  builtInNetworkMemory,
  checkMemory,
  estimateMemory,
  estimateTraining,
  layersMemory,
  type NetworkMemory,
} from './estimates.js'
import { enqueue, toTrainJob } from './jobs.js'

/**
 * Submits a training. The answer has the resolved spec, the limits, an estimate and the position in the queue.
 * Throws Failure NOT_FOUND (version, and as `insertTraining`) and BAD_INPUT where the spec does not fit the data.
 */
export async function submitTraining(call: Call, input: z.output<typeof trainRequest>): Promise<TrainJob> {
  const {
    caller: { projectId },
  } = call
  const { versionId, name } = input
  const job = await idempotent(call, input, async (tx) => {
    const version = await lockVersionForShare(tx, { projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    return toTrainJob(tx, await insertTraining(tx, call, { version, spec: input.spec, name: name ?? null }))
  })
  await enqueue(call, job)
  return job
}

export interface TrainingToInsert {
  /** Locked by the transaction. */
  version: VersionRow
  spec: TrainingSpec
  name: string | null
}

/**
 * Checks a training and stores it as a job that waits. Put the job into the queue once the transaction has committed.
 * Throws Failure NOT_FOUND (reference model, network, model to begin with), and BAD_INPUT where the spec does not fit
 * the data or the training does not fit into the memory of the machine that trains.
 */
export async function insertTraining(
  tx: Queries,
  { caller: { projectId }, clock, random, config }: Pick<Call, 'caller' | 'clock' | 'random' | 'config'>,
  { version, spec: wanted, name }: TrainingToInsert,
): Promise<JobRow> {
  const { spec: decided, network } = await lockTrainedNetwork(tx, projectId, wanted)
  const spec = fitSpec(decided, version.summary.counts.train)
  const reference = await lockReference(tx, { projectId, referenceModelId: spec.evaluation.referenceModelId })
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
      ...estimateTraining(spec, version.summary, { network, training: await trainingSpeed(tx, spec) }),
      memoryBytes: estimateMemory(spec, version.summary, network.memory),
    },
    createdAt,
    queuedAt: createdAt,
  })
}

/**
 * Finds the model that others are compared with, and keeps it until the transaction ends. Null where the spec names
 * none. Throws Failure NOT_FOUND.
 */
export async function lockReference(
  tx: Queries,
  { projectId, referenceModelId }: { projectId: string; referenceModelId: string | null },
): Promise<ModelRow | null> {
  if (referenceModelId === null) return null
  const reference = await lockModelForShare(tx, { projectId, modelId: referenceModelId })
  if (reference === undefined)
    throw new Failure('NOT_FOUND', `There is no model ${referenceModelId} to be the reference`)
  return reference
}

/** The network that a spec trains: what decides whether the spec fits the data, and how long the training takes. */
export interface TrainedNetwork {
  title: string
  smallestSize: number
  /** Of one forward pass of one image of 32 x 32 pixels. */
  multiplyAdds: number
  /** What decides how much memory the training takes. */
  memory: NetworkMemory
  /** The layers of an uploaded network; null for a built-in one. */
  layers: NetworkLayer[] | null
  /**
   * The layer names that `fineTune.freeze` may use. Null where they are unknown until the trainer opens the network.
   */
  names: string[] | null
}

/**
 * Decides which network a spec trains: a fine-tuning trains the network that it begins with. Gives the spec with that
 * network, and what is known of it. Keeps an uploaded network, or the model to begin with, until the transaction ends.
 * Throws Failure NOT_FOUND, and BAD_INPUT where the spec names another network.
 */
export async function lockTrainedNetwork<Spec extends Pick<TrainingSpec, 'network' | 'fineTune'>>(
  tx: Queries,
  projectId: string,
  wanted: Spec,
): Promise<{ spec: Spec; network: TrainedNetwork }> {
  const from = wanted.fineTune?.from
  const model =
    from === undefined || isUploaded(from) ? null : await lockModelForShare(tx, { projectId, modelId: from })
  if (model === undefined) throw new Failure('NOT_FOUND', `There is no model ${from} to begin with`)
  const name: string = model?.manifest.network ?? from ?? wanted.network
  if (wanted.network !== name && wanted.network !== defaultNetwork) {
    const message = `${from} is made of ${name}, not of ${wanted.network}`
    throw new Failure('BAD_INPUT', message, {
      issues: [
        {
          path: 'spec.network',
          code: 'does_not_fit',
          message,
          fix: 'Leave network out: it follows from fineTune.from',
        },
      ],
    })
  }
  const spec = { ...wanted, network: name }
  const names = model === null ? null : model.manifest.layers
  if (!isUploaded(name))
    return { spec, network: { ...builtInNetwork(name as NetworkName), names: names?.length ? names : null } }
  const row = await lockNetworkForShare(tx, { projectId, networkId: name })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no network ${name}`)
  return { spec, network: uploadedNetwork(row) }
}

/** A built-in network. The names of its layers are unknown until the trainer opens it. */
export const builtInNetwork = (name: NetworkName): TrainedNetwork => ({
  ...networks[name],
  memory: builtInNetworkMemory(name),
  layers: null,
  names: null,
})

/** The schema's default: a spec with it may have named no network, so it cannot contradict. */
const defaultNetwork: NetworkName = 'resnet20'

const uploadedNetwork = (row: NetworkRow): TrainedNetwork => ({
  title: row.name,
  smallestSize: row.summary.smallestSize,
  multiplyAdds: row.summary.multiplyAdds,
  memory: layersMemory(row.layers, row.summary.parameters),
  layers: row.layers,
  names: toNetwork(row).layers,
})
