import { Failure, type Upload } from '@imclr/contract'
import { findUpload, type UploadRow } from '@imclr/database'
import type { Call } from '../request/context.js'

export function shownUpload({ id, datasetName, bytes, partBytes, partCount, state, expiresAt }: UploadRow): Upload {
  return { id, datasetName, bytes, partBytes, partCount, state, expiresAt: expiresAt.toISOString() }
}

/** An upload of the caller's project. Throws Failure NOT_FOUND. */
export async function ownUpload({ database, caller }: Call, uploadId: string): Promise<UploadRow> {
  const row = await findUpload(database.queries, { projectId: caller.projectId, uploadId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no upload ${uploadId}`)
  return row
}

/** One that still takes parts. Throws Failure NOT_FOUND, UPLOAD_EXPIRED, CONFLICT where it is completed or aborted. */
export async function openUpload(call: Call, uploadId: string): Promise<UploadRow> {
  const row = await ownUpload(call, uploadId)
  refuseClosed(row, call.clock())
  return row
}

export function refuseClosed({ id, state, expiresAt }: UploadRow, now: Date): void {
  if (state === 'open' && expiresAt <= now)
    throw new Failure('UPLOAD_EXPIRED', `Upload ${id} expired at ${expiresAt.toISOString()}`)
  if (state === 'aborted')
    throw new Failure(
      expiresAt <= now ? 'UPLOAD_EXPIRED' : 'CONFLICT',
      `Upload ${id} was ${expiresAt <= now ? 'given up when it expired' : 'aborted'}`,
    )
  if (state === 'completed') throw new Failure('CONFLICT', `Upload ${id} is completed`)
}
