import { datasetId, modelSummary, page, pageRequest, versionId } from '@imclr/contract'
import { listModels } from '@imclr/database'
import { modelRef } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { readProcedure, resolve, router, writeProcedure } from '../request/procedure.js'
import { comparedModels, compareModels, compareModelsRequest } from './compareModels.js'
import { deletedModel, deleteModel, requireModel, setPublic, setPublicRequest, toModel } from './models.js'
import { modelAddress, modelUrl, modelUrlRequest } from './modelUrl.js'

const listModelsRequest = pageRequest
  .extend({ datasetId: datasetId.optional(), versionId: versionId.optional() })
  .prefault({})

export const modelRouter = router({
  list: readProcedure
    .input(listModelsRequest)
    .output(page(modelSummary))
    .query(({ ctx: { database, caller }, input: { datasetId, versionId, ...pageInput } }) =>
      paginate(
        pageInput,
        (slice) => listModels(database.queries, { projectId: caller.projectId, datasetId, versionId, ...slice }),
        toModel,
      ),
    ),
  get: readProcedure
    .input(modelRef)
    .output(modelSummary)
    .query(async ({ ctx, input }) => toModel(await requireModel(ctx, input.modelId))),
  delete: writeProcedure.input(modelRef).output(deletedModel).mutation(resolve(deleteModel)),
  url: readProcedure.input(modelUrlRequest).output(modelAddress).query(resolve(modelUrl)),
  setPublic: writeProcedure.input(setPublicRequest).output(modelSummary).mutation(resolve(setPublic)),
  compare: readProcedure.input(compareModelsRequest).output(comparedModels).query(resolve(compareModels)),
})
