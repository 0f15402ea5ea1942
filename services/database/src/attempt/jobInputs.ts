import { Failure, isUploaded, type EvaluateOptions, type PrepareOptions, type TrainingSpec } from '@imclr/contract'
import { and, eq } from 'drizzle-orm'
import type { Database, Queries } from '../database.js'
import { model, upload, version } from '../schema.js'
import { storedEvaluateOptions, storedPrepareOptions, storedSpec, type JobRow } from '../tables/job.js'
import { findNetwork } from '../tables/network.js'

/** What a trainer needs to know from the database: what to do, and where its input lies in the store. */
export type JobInputs =
  | { kind: 'prepare'; uploadKey: string; uploadName: string; options: PrepareOptions }
  | {
      kind: 'train'
      spec: TrainingSpec
      versionPrefix: string
      reference: NamedModel | null
      /** An uploaded network that is trained. */
      network: { prefix: string } | null
      /** The model or uploaded network that a fine-tuning begins with. */
      from: { id: string; name: string; prefix: string } | null
    }
  | {
      kind: 'evaluate'
      versionPrefix: string
      model: NamedModel
      reference: NamedModel | null
      options: EvaluateOptions
    }

interface NamedModel {
  modelId: string
  name: string
  prefix: string
}

/** Throws Failure NOT_FOUND where an input was deleted, INTERNAL where the row holds no valid spec or options. */
export async function jobInputs({ queries }: Database, row: JobRow): Promise<JobInputs> {
  if (row.kind === 'prepare') {
    const [found] = await queries
      .select()
      .from(upload)
      .where(and(eq(upload.id, row.uploadId ?? ''), eq(upload.projectId, row.projectId)))
    if (found === undefined) throw new Failure('NOT_FOUND', `the upload ${row.uploadId} of this job is gone`)
    const options = storedPrepareOptions(row)
    return { kind: 'prepare', uploadKey: found.objectKey, uploadName: found.fileName, options }
  }
  const [data] = await queries
    .select()
    .from(version)
    .where(and(eq(version.id, row.versionId ?? ''), eq(version.projectId, row.projectId)))
  if (data === undefined) throw new Failure('NOT_FOUND', `the data set version ${row.versionId} of this job is gone`)
  if (row.kind === 'evaluate') {
    const options = storedEvaluateOptions(row)
    const evaluated = await findNamedModel(queries, row, row.modelId)
    if (evaluated === null) throw new Failure('NOT_FOUND', `the model ${row.modelId} of this job is gone`)
    return {
      kind: 'evaluate',
      versionPrefix: data.prefix,
      model: evaluated,
      reference: await findNamedModel(queries, row, options.referenceModelId),
      options,
    }
  }
  const spec = storedSpec(row)
  return {
    kind: 'train',
    spec,
    versionPrefix: data.prefix,
    reference: await findNamedModel(queries, row, spec.evaluation.referenceModelId),
    network: isUploaded(spec.network) ? await requireOrigin(queries, row, spec.network) : null,
    from: spec.fineTune === null ? null : await requireOrigin(queries, row, spec.fineTune.from),
  }
}

async function findNamedModel(
  queries: Queries,
  { projectId }: JobRow,
  modelId: string | null,
): Promise<NamedModel | null> {
  const [found] =
    modelId === null
      ? []
      : await queries
          .select()
          .from(model)
          .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
  return found ? { modelId: found.id, name: found.name, prefix: found.prefix } : null
}

/** The uploaded network or the model that a training begins with. */
async function requireOrigin(
  queries: Queries,
  row: JobRow,
  id: string,
): Promise<{ id: string; name: string; prefix: string }> {
  const found = isUploaded(id)
    ? await findNetwork(queries, { projectId: row.projectId, networkId: id })
    : await findNamedModel(queries, row, id)
  if (!found) throw new Failure('NOT_FOUND', `${id}, which this job begins with, is gone`)
  return { id, name: found.name, prefix: found.prefix }
}
