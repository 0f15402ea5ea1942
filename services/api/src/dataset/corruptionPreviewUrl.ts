import { Failure } from '@imclr/contract'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { signedFile, type signedUrl } from './signedFile.js'
import { versionManifest } from './versionManifest.js'

/**
 * A picture (PNG) of some test images under every corruption at severities 1 to 5, for a quarter of an hour: what a robustness
 * report will ask of a model. Throws Failure NOT_FOUND where the version has none.
 */
export async function corruptionPreviewUrl(
  call: Call,
  { versionId }: { versionId: string },
): Promise<z.infer<typeof signedUrl>> {
  const { corruptionPreview } = await versionManifest(call, { versionId })
  if (corruptionPreview === null)
    throw new Failure(
      'NOT_FOUND',
      `Version ${versionId} has no preview of corruptions: it is a stored evaluation set, or was prepared before there were any; prepare the data again`,
    )
  return signedFile(call, versionId, corruptionPreview.path)
}
