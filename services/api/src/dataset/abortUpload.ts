import { Failure, type Upload } from '@imclr/contract'
import { giveUpUpload } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { Call } from '../request/context.js'
import { ownUpload, shownUpload } from './shownUpload.js'

/** Gives an upload up, with the parts that were sent; doing it again changes nothing. Throws Failure CONFLICT where it is completed. */
export async function abortUpload(call: Call, { uploadId }: { uploadId: string }): Promise<Upload> {
  const upload = await ownUpload(call, uploadId)
  const aborted = await call.database.transaction((tx) =>
    giveUpUpload(tx, { uploadId, prefix: keys.uploadPrefix(call.caller.projectId, uploadId) }),
  )
  if (aborted === undefined) throw new Failure('CONFLICT', `Upload ${uploadId} is completed`)
  await call.store.abortMultipart({ key: upload.objectKey, multipartId: upload.multipartId })
  return shownUpload(aborted)
}
