import {
  evaluateJob,
  evaluateRequest,
  evaluationSummary,
  job,
  jobEvent,
  page,
  trainJob,
  trainRequest,
} from '@imclr/contract'
import { jobRef } from '../request/inputs.js'
import { by, reading, router, writing } from '../request/procedure.js'
import { cancelJob, cancelJobRequest } from './cancelJob.js'
import { comparedEvaluations, compareEvaluations, compareEvaluationsRequest } from './compareEvaluations.js'
import { deletedJob, deleteJob } from './deleteJob.js'
import { evaluateModel } from './evaluateModel.js'
import { evaluation } from './evaluation.js'
import { followEvents, followEventsRequest } from './followEvents.js'
import { getJob } from './getJob.js'
import { listJobs, listJobsRequest } from './listJobs.js'
import { submitJob } from './submitJob.js'

export const jobRouter = router({
  submit: writing.input(trainRequest).output(trainJob).mutation(by(submitJob)),
  evaluate: writing.input(evaluateRequest).output(evaluateJob).mutation(by(evaluateModel)),
  evaluation: reading.input(jobRef).output(evaluationSummary).query(by(evaluation)),
  compareEvaluations: reading
    .input(compareEvaluationsRequest)
    .output(comparedEvaluations)
    .query(by(compareEvaluations)),
  get: reading.input(jobRef).output(job).query(by(getJob)),
  list: reading.input(listJobsRequest).output(page(job)).query(by(listJobs)),
  cancel: writing.input(cancelJobRequest).output(job).mutation(by(cancelJob)),
  delete: writing.input(jobRef).output(deletedJob).mutation(by(deleteJob)),
  events: reading
    .meta({ yields: jobEvent })
    .input(followEventsRequest)
    .query(({ ctx, input, signal }) => followEvents(ctx, input, signal)),
})
