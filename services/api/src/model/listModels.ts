import { datasetId, pageRequest, versionId, type ModelSummary } from '@imclr/contract'
import { listModels as readModels } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { pageOf, type Page } from '../request/page.js'
import { shownModel } from './shownModel.js'

export const listModelsRequest = pageRequest
  .extend({ datasetId: datasetId.optional(), versionId: versionId.optional() })
  .prefault({})

export async function listModels(
  { database, caller }: Call,
  input: z.output<typeof listModelsRequest>,
): Promise<Page<ModelSummary>> {
  const { datasetId, versionId } = input
  return pageOf(
    input,
    (slice) => readModels(database.queries, { projectId: caller.projectId, datasetId, versionId, ...slice }),
    shownModel,
  )
}
