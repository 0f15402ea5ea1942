import type { DatasetSummary } from '@imclr/contract'
import { listDatasets as readDatasets } from '@imclr/database'
import type { Call } from '../request/context.js'
import { pageOf, type Page, type PageRequest } from '../request/page.js'
import { shownDataset } from './shownDataset.js'

export async function listDatasets({ database, caller }: Call, input: PageRequest): Promise<Page<DatasetSummary>> {
  return pageOf(
    input,
    (slice) => readDatasets(database.queries, { projectId: caller.projectId, ...slice }),
    shownDataset,
  )
}
