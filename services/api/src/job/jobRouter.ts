import {
  datasetId,
  evaluateJob,
  evaluateRequest,
  evaluationSummary,
  job,
  jobEvent,
  jobKind,
  jobState,
  page,
  pageRequest,
  trainJob,
  trainRequest,
  versionId,
} from '@imclr/contract'
import { listJobs } from '@imclr/database'
import { jobRef } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { readProcedure, resolve, router, writeProcedure } from '../request/procedure.js'
import {
  comparedEvaluations,
  compareEvaluations,
  compareEvaluationsRequest,
  evaluateModel,
  getEvaluation,
} from './evaluations.js'
import { followEvents, followEventsRequest } from './followEvents.js'
import { cancelJob, cancelJobRequest, deletedJob, deleteJob, requireJob, toJob } from './jobs.js'
import { submitTraining } from './submitTraining.js'

const listJobsRequest = pageRequest
  .extend({
    state: jobState.optional(),
    kind: jobKind.optional(),
    datasetId: datasetId.optional(),
    versionId: versionId.optional(),
  })
  .prefault({})

export const jobRouter = router({
  submit: writeProcedure.input(trainRequest).output(trainJob).mutation(resolve(submitTraining)),
  evaluate: writeProcedure.input(evaluateRequest).output(evaluateJob).mutation(resolve(evaluateModel)),
  evaluation: readProcedure.input(jobRef).output(evaluationSummary).query(resolve(getEvaluation)),
  compareEvaluations: readProcedure
    .input(compareEvaluationsRequest)
    .output(comparedEvaluations)
    .query(resolve(compareEvaluations)),
  get: readProcedure
    .input(jobRef)
    .output(job)
    .query(async ({ ctx, input }) => toJob(ctx.database.queries, await requireJob(ctx, input.jobId))),
  list: readProcedure
    .input(listJobsRequest)
    .output(page(job))
    .query(({ ctx: { database, caller }, input: { state, kind, datasetId, versionId, ...pageInput } }) =>
      paginate(
        pageInput,
        (slice) =>
          listJobs(database.queries, { projectId: caller.projectId, state, kind, datasetId, versionId, ...slice }),
        (row) => toJob(database.queries, row),
      ),
    ),
  cancel: writeProcedure.input(cancelJobRequest).output(job).mutation(resolve(cancelJob)),
  delete: writeProcedure.input(jobRef).output(deletedJob).mutation(resolve(deleteJob)),
  events: readProcedure
    .meta({ yields: jobEvent })
    .input(followEventsRequest)
    .query(({ ctx, input, signal }) => followEvents(ctx, input, signal)),
})
