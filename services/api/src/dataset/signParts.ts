import { Failure, signedPart, uploadId, uploadPart } from '@imclr/contract'
import { z } from 'zod'
import { addressOf } from '../request/addressOf.js'
import type { Call } from '../request/context.js'
import { bytesOfPart } from './partSizes.js'
import { openUpload } from './shownUpload.js'

export const signPartsRequest = z.strictObject({ uploadId, parts: z.array(uploadPart).min(1).max(500) })
export const signedParts = z.object({ parts: z.array(signedPart), expiresAt: z.iso.datetime() })

const longestSeconds = 3600

/** URLs to send parts to. Each is good for that part with that checksum and length alone, for an hour at most. */
export async function signParts(
  call: Call,
  { uploadId, parts }: z.output<typeof signPartsRequest>,
): Promise<z.infer<typeof signedParts>> {
  const upload = await openUpload(call, uploadId)
  const beyond = parts.flatMap(({ partNumber }, i) =>
    partNumber <= upload.partCount
      ? []
      : [
          {
            path: `parts[${i}].partNumber`,
            code: 'too_big',
            message: `There is no part ${partNumber}`,
            fix: `Use at most ${upload.partCount}`,
          },
        ],
  )
  if (beyond.length > 0)
    throw new Failure('BAD_INPUT', `Upload ${uploadId} has ${upload.partCount} parts`, { issues: beyond })

  const now = call.clock().getTime()
  const expiresSeconds = Math.max(1, Math.min(longestSeconds, Math.floor((upload.expiresAt.getTime() - now) / 1000)))
  const signed = parts.map(async ({ partNumber, sha256 }) => {
    const { url, headers } = await call.store.signPart({
      key: upload.objectKey,
      multipartId: upload.multipartId,
      partNumber,
      sha256,
      bytes: bytesOfPart(upload, partNumber),
      expiresSeconds,
    })
    return { partNumber, url: addressOf(call, url), headers }
  })
  return { parts: await Promise.all(signed), expiresAt: new Date(now + expiresSeconds * 1000).toISOString() }
}
