import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { signedFile, type signedUrl } from './signedFile.js'
import { versionManifest } from './versionManifest.js'

/** A picture of some images of every class (PNG), for a quarter of an hour. */
export async function contactSheetUrl(
  call: Call,
  { versionId }: { versionId: string },
): Promise<z.infer<typeof signedUrl>> {
  const { contactSheet } = await versionManifest(call, { versionId })
  return signedFile(call, versionId, contactSheet.path)
}
