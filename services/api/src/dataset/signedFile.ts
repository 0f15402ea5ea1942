import { z } from 'zod'
import { addressOf } from '../request/addressOf.js'
import type { Call } from '../request/context.js'
import { ownVersion } from './shownDataset.js'

export const signedUrl = z.object({ url: z.string(), expiresAt: z.iso.datetime() })

const expiresSeconds = 900

/** An address of one file of a version, for a quarter of an hour. */
export async function signedFile(call: Call, versionId: string, path: string): Promise<z.infer<typeof signedUrl>> {
  const { prefix } = await ownVersion(call, versionId)
  return {
    url: addressOf(call, await call.store.signGet({ key: prefix + path, expiresSeconds })),
    expiresAt: new Date(call.clock().getTime() + expiresSeconds * 1000).toISOString(),
  }
}
