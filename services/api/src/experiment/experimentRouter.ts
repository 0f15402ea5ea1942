import { createExperimentRequest, experiment, experimentRuns, experimentSummary, page } from '@imclr/contract'
import { experimentReport } from '@imclr/experiments'
import { experimentRef, nothing, pages } from '../request/inputs.js'
import { by, reading, router, writing } from '../request/procedure.js'
import { cancelExperiment } from './cancelExperiment.js'
import { createExperiment } from './createExperiment.js'
import { deletedExperiment, deleteExperiment, deleteExperimentRequest } from './deleteExperiment.js'
import { getExperiment } from './getExperiment.js'
import { listExperiments } from './listExperiments.js'
import { listPresets, shownPresets } from './listPresets.js'
import { pageOfExperiment, reportOfExperiment, reportPageAnswer } from './reportOfExperiment.js'
import { experimentRunsOf } from './storedRuns.js'

export const experimentRouter = router({
  presets: reading.input(nothing).output(shownPresets).query(by(listPresets)),
  create: writing.input(createExperimentRequest).output(experiment).mutation(by(createExperiment)),
  get: reading.input(experimentRef).output(experiment).query(by(getExperiment)),
  list: reading.input(pages).output(page(experimentSummary)).query(by(listExperiments)),
  cancel: writing.input(experimentRef).output(experiment).mutation(by(cancelExperiment)),
  delete: writing.input(deleteExperimentRequest).output(deletedExperiment).mutation(by(deleteExperiment)),
  runs: reading.input(experimentRef).output(experimentRuns).query(by(experimentRunsOf)),
  report: reading.input(experimentRef).output(experimentReport).query(by(reportOfExperiment)),
  page: reading.input(experimentRef).output(reportPageAnswer).query(by(pageOfExperiment)),
})
