import type { DatasetSummary } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownDataset, shownDataset } from './shownDataset.js'

export async function getDataset(call: Call, { datasetId }: { datasetId: string }): Promise<DatasetSummary> {
  return shownDataset(await ownDataset(call, datasetId))
}
