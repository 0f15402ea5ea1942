import { datasetManifest, type DatasetManifest } from '@imclr/contract'
import { keys } from '@imclr/storage'
import type { Call } from '../request/context.js'
import { recordedObject } from '../request/recordedObject.js'
import { ownVersion } from './shownDataset.js'

/** Everything that preparing found: counts, duplicates, files that were left out, the files of the version. */
export async function versionManifest(call: Call, { versionId }: { versionId: string }): Promise<DatasetManifest> {
  const { prefix } = await ownVersion(call, versionId)
  const bytes = await recordedObject(call.store.read(keys.manifest(prefix)))
  return datasetManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}
