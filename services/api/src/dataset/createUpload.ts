import { Failure, makeId, type createUploadRequest, type Upload } from '@imclr/contract'
import { insertUpload } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { z } from 'zod'
import { maxParts } from '../config.js'
import type { Call } from '../request/context.js'
import { earlierAnswer, idempotent } from '../request/idempotent.js'
import { partBytesFor, partCountOf } from './partSizes.js'
import { shownUpload } from './shownUpload.js'

/** Begins an upload: the store is told, and nothing is sent yet. Throws Failure LIMIT_REACHED. */
export async function createUpload(call: Call, input: z.output<typeof createUploadRequest>): Promise<Upload> {
  const {
    store,
    config,
    clock,
    caller: { projectId },
  } = call
  const most = Math.min(config.maxUploadBytes, maxParts * 5 * 2 ** 30)
  if (input.bytes > most)
    throw new Failure(
      'LIMIT_REACHED',
      `${input.fileName} has ${input.bytes} bytes; this service takes archives of up to ${most} bytes (IMCLR_MAX_UPLOAD_BYTES)`,
    )
  const earlier = await earlierAnswer<Upload>(call, input)
  if (earlier !== undefined) return earlier

  const id = makeId('upl', call.random(20))
  const objectKey = keys.upload(projectId, id, input.fileName)
  const partBytes = partBytesFor(input.bytes, config.partBytes)
  const createdAt = clock()
  // Before the transaction: none may wait for the store.
  const multipartId = await store.createMultipart(objectKey, 'application/octet-stream')
  let answer: Upload | undefined
  try {
    answer = await idempotent(call, input, async (tx) =>
      shownUpload(
        await insertUpload(tx, {
          id,
          projectId,
          ...input,
          partBytes,
          partCount: partCountOf(input.bytes, partBytes),
          objectKey,
          multipartId,
          createdAt,
          expiresAt: new Date(createdAt.getTime() + config.uploadHours * 3_600_000),
        }),
      ),
    )
    return answer
  } finally {
    if (answer?.id !== id) await store.abortMultipart({ key: objectKey, multipartId })
  }
}
