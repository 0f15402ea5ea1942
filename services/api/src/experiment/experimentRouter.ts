import {
  createExperimentRequest,
  experiment,
  experimentRuns as experimentRunsSchema,
  experimentSummary,
  page,
} from '@imclr/contract'
import { listExperiments } from '@imclr/database'
import { experimentReport as experimentReportSchema } from '@imclr/experiments'
import { experimentPage } from '@imclr/page'
import { z } from 'zod'
import { experimentRef, noInput, pageInput } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { readProcedure, resolve, router, writeProcedure } from '../request/procedure.js'
import { createExperiment } from './createExperiment.js'
import { experimentReport, experimentRuns } from './experimentReport.js'
import {
  cancelExperiment,
  deletedExperiment,
  deleteExperiment,
  deleteExperimentRequest,
  requireExperiment,
  toExperiment,
  toExperimentSummary,
} from './experiments.js'
import { listPresets, presetList } from './listPresets.js'

export const experimentRouter = router({
  presets: readProcedure.input(noInput).output(presetList).query(listPresets),
  create: writeProcedure.input(createExperimentRequest).output(experiment).mutation(resolve(createExperiment)),
  get: readProcedure
    .input(experimentRef)
    .output(experiment)
    .query(async ({ ctx, input }) =>
      toExperiment(ctx.database.queries, await requireExperiment(ctx, input.experimentId), ctx.clock()),
    ),
  list: readProcedure
    .input(pageInput)
    .output(page(experimentSummary))
    .query(({ ctx: { database, caller }, input }) =>
      paginate(
        input,
        (slice) => listExperiments(database.queries, { projectId: caller.projectId, ...slice }),
        (row) => toExperimentSummary(database.queries, row),
      ),
    ),
  cancel: writeProcedure.input(experimentRef).output(experiment).mutation(resolve(cancelExperiment)),
  delete: writeProcedure.input(deleteExperimentRequest).output(deletedExperiment).mutation(resolve(deleteExperiment)),
  runs: readProcedure.input(experimentRef).output(experimentRunsSchema).query(resolve(experimentRuns)),
  report: readProcedure.input(experimentRef).output(experimentReportSchema).query(resolve(experimentReport)),
  /** The report as one page of HTML that needs nothing else. */
  page: readProcedure
    .input(experimentRef)
    .output(z.object({ html: z.string() }))
    .query(async ({ ctx, input }) => ({ html: experimentPage(await experimentReport(ctx, input)) })),
})
