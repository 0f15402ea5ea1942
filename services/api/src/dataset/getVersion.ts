import type { VersionSummary } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownVersion, shownVersion } from './shownDataset.js'

export async function getVersion(call: Call, { versionId }: { versionId: string }): Promise<VersionSummary> {
  return shownVersion(await ownVersion(call, versionId))
}
