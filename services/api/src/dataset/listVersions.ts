import { datasetId, pageRequest, type VersionSummary } from '@imclr/contract'
import { listVersions as readVersions } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { pageOf, type Page } from '../request/page.js'
import { ownDataset, shownVersion } from './shownDataset.js'

export const listVersionsRequest = pageRequest.extend({ datasetId })

/** Versions of a data set, the latest first. */
export async function listVersions(
  call: Call,
  input: z.output<typeof listVersionsRequest>,
): Promise<Page<VersionSummary>> {
  const { id } = await ownDataset(call, input.datasetId)
  return pageOf(input, (slice) => readVersions(call.database.queries, { datasetId: id, ...slice }), shownVersion)
}
