import { Failure, isUploaded, type EvaluateOptions, type PrepareOptions } from '@imclr/contract'
import { and, eq } from 'drizzle-orm'
import type { Database, Queries } from '../database.js'
import { findNetwork } from '../network/findNetwork.js'
import { model, upload, version } from '../schema.js'
import type { JobRow } from './fence.js'

/** What a trainer is told of other rows: where its input lies. Throws Failure NOT_FOUND where that was deleted. */
export type JobInputs =
  | { kind: 'prepare'; uploadKey: string; uploadName: string; options: PrepareOptions }
  | {
      kind: 'train'
      versionPrefix: string
      reference: NamedModel | null
      network: { prefix: string } | null
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

export async function jobInputs({ queries }: Database, row: JobRow): Promise<JobInputs> {
  if (row.kind === 'prepare') {
    const [found] = await queries
      .select()
      .from(upload)
      .where(and(eq(upload.id, row.uploadId ?? ''), eq(upload.projectId, row.projectId)))
    if (found === undefined) throw new Failure('NOT_FOUND', `the upload ${row.uploadId} of this job is gone`)
    return {
      kind: 'prepare',
      uploadKey: found.objectKey,
      uploadName: found.fileName,
      options: row.options as PrepareOptions,
    }
  }
  const [data] = await queries
    .select()
    .from(version)
    .where(and(eq(version.id, row.versionId ?? ''), eq(version.projectId, row.projectId)))
  if (data === undefined) throw new Failure('NOT_FOUND', `the data set version ${row.versionId} of this job is gone`)
  if (row.kind === 'evaluate') {
    const options = row.options as EvaluateOptions
    const evaluated = await namedModel(queries, row, row.modelId)
    if (evaluated === null) throw new Failure('NOT_FOUND', `the model ${row.modelId} of this job is gone`)
    return {
      kind: 'evaluate',
      versionPrefix: data.prefix,
      model: evaluated,
      reference: await namedModel(queries, row, options.referenceModelId),
      options,
    }
  }
  const spec = row.spec!
  return {
    kind: 'train',
    versionPrefix: data.prefix,
    reference: await namedModel(queries, row, spec.evaluation.referenceModelId),
    network: isUploaded(spec.network) ? await placeOf(queries, row, spec.network) : null,
    from: spec.fineTune ? await placeOf(queries, row, spec.fineTune.from) : null, // not in specs of before there was any
  }
}

async function namedModel(queries: Queries, { projectId }: JobRow, modelId: string | null): Promise<NamedModel | null> {
  const [found] =
    modelId === null
      ? []
      : await queries
          .select()
          .from(model)
          .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
  return found ? { modelId: found.id, name: found.name, prefix: found.prefix } : null
}

/** Of an uploaded network or of a model that is trained on. */
async function placeOf(
  queries: Queries,
  row: JobRow,
  id: string,
): Promise<{ id: string; name: string; prefix: string }> {
  const found = isUploaded(id)
    ? await findNetwork(queries, { projectId: row.projectId, networkId: id })
    : await namedModel(queries, row, id)
  if (!found) throw new Failure('NOT_FOUND', `${id}, which this job begins with, is gone`)
  return { id, name: found.name, prefix: found.prefix }
}
