import type { ExperimentSummary } from '@imclr/contract'
import { listExperiments as readExperiments } from '@imclr/database'
import type { Call } from '../request/context.js'
import { pageOf, type Page, type PageRequest } from '../request/page.js'
import { shownExperimentSummary } from './shownExperiment.js'

export async function listExperiments(
  { database: { queries }, caller }: Call,
  input: PageRequest,
): Promise<Page<ExperimentSummary>> {
  return pageOf(
    input,
    (slice) => readExperiments(queries, { projectId: caller.projectId, ...slice }),
    (row) => shownExperimentSummary(queries, row),
  )
}
