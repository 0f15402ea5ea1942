import { z } from 'zod'
import type { Call } from '../request/context.js'
import { versionManifest } from './versionManifest.js'
import { ownVersion } from './shownDataset.js'

export const signedUrl = z.object({ url: z.string(), expiresAt: z.iso.datetime() })

const expiresSeconds = 900

/** A picture of some images of every class (PNG), for a quarter of an hour. */
export async function contactSheetUrl(call: Call, { versionId }: { versionId: string }): Promise<z.infer<typeof signedUrl>> {
  const [{ prefix }, { contactSheet }] = await Promise.all([ownVersion(call, versionId), versionManifest(call, { versionId })])
  return {
    url: await call.store.signGet({ key: prefix + contactSheet.path, expiresSeconds }),
    expiresAt: new Date(call.clock().getTime() + expiresSeconds * 1000).toISOString(),
  }
}
