import { z } from 'zod'
import type { Call } from '../request/context.js'
import { openUpload } from './shownUpload.js'

export const listedParts = z.object({
  parts: z.array(z.object({ partNumber: z.int(), sha256: z.string().nullable(), bytes: z.int() })),
})

/** The parts that the store has: a client that was cut off sends the others. */
export async function listParts(call: Call, { uploadId }: { uploadId: string }): Promise<z.infer<typeof listedParts>> {
  const { objectKey, multipartId } = await openUpload(call, uploadId)
  const parts = await call.store.listParts({ key: objectKey, multipartId })
  return { parts: parts.map(({ partNumber, sha256, bytes }) => ({ partNumber, sha256, bytes })) }
}
