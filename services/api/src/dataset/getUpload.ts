import type { Upload } from '@imclr/contract'
import type { Call } from '../request/context.js'
import { ownUpload, shownUpload } from './shownUpload.js'

export async function getUpload(call: Call, { uploadId }: { uploadId: string }): Promise<Upload> {
  return shownUpload(await ownUpload(call, uploadId))
}
