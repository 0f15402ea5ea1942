import { modelSummary, page } from '@imclr/contract'
import { modelRef } from '../request/inputs.js'
import { by, reading, router, writing } from '../request/procedure.js'
import { compareModels, compareModelsRequest, comparedModels } from './compareModels.js'
import { deletedModel, deleteModel } from './deleteModel.js'
import { getModel } from './getModel.js'
import { listModels, listModelsRequest } from './listModels.js'
import { modelAddress, modelUrl, modelUrlRequest } from './modelUrl.js'
import { setPublic, setPublicRequest } from './setPublic.js'

export const modelRouter = router({
  list: reading.input(listModelsRequest).output(page(modelSummary)).query(by(listModels)),
  get: reading.input(modelRef).output(modelSummary).query(by(getModel)),
  delete: writing.input(modelRef).output(deletedModel).mutation(by(deleteModel)),
  url: reading.input(modelUrlRequest).output(modelAddress).query(by(modelUrl)),
  setPublic: writing.input(setPublicRequest).output(modelSummary).mutation(by(setPublic)),
  compare: reading.input(compareModelsRequest).output(comparedModels).query(by(compareModels)),
})
