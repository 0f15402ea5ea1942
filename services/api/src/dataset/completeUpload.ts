import { isDeepStrictEqual } from 'node:util'
import {
  datasetId,
  Failure,
  makeId,
  prepareJob,
  prepareLimits,
  prepareOptions,
  uploadId,
  uploadPart,
  type PrepareOptions,
} from '@imclr/contract'
import {
  findJob,
  findOrInsertDataset,
  insertJob,
  lockUpload,
  markUploadCompleted,
  type Queries,
  type UploadRow,
} from '@imclr/database'
import { z } from 'zod'
import { enqueue, toPrepareJob } from '../job/jobs.js'
import type { Call } from '../request/context.js'
import { earlierAnswer, idempotent } from '../request/idempotent.js'
import { assertOpen, joinParts, requireUpload } from './uploads.js'

export const completeUploadRequest = z.strictObject({
  uploadId,
  parts: z.array(uploadPart).min(1).max(10_000), // all of them, as they were sent
  options: prepareOptions.default(prepareOptions.parse({})),
})
export const completedUpload = z.object({ datasetId, job: prepareJob })
type Completed = z.infer<typeof completedUpload>
type Input = z.output<typeof completeUploadRequest>

/**
 * Makes an upload the newest content of its data set: joins its parts, and submits the job that prepares a version of
 * them. Completing it again with the same options gives the same job.
 *
 * Throws Failure UPLOAD_INCOMPLETE where a part is missing and CHECKSUM_MISMATCH where one differs, with the parts as
 * issues; UPLOAD_EXPIRED; CONFLICT.
 */
export async function completeUpload(call: Call, input: Input): Promise<Completed> {
  const earlier = await earlierAnswer<Completed>(call, input)
  if (earlier !== undefined) return earlier
  const upload = await requireUpload(call, input.uploadId)
  if (upload.state !== 'completed') {
    assertOpen(upload, call.clock())
    await joinParts(call, upload, input.parts)
  }
  const completed = await idempotent(call, input, async (tx) => {
    const locked = await lockUpload(tx, upload.id)
    if (locked?.state === 'completed') return completedBefore({ tx, call, upload: locked, options: input.options })
    assertOpen(locked ?? upload, call.clock())
    const createdAt = call.clock()
    const { projectId } = call.caller
    const dataset = await findOrInsertDataset(tx, {
      id: makeId('ds', call.random(20)),
      projectId,
      name: upload.datasetName,
      createdAt,
    })
    const row = await insertJob(tx, {
      id: makeId('job', call.random(20)),
      projectId,
      kind: 'prepare',
      name: upload.datasetName,
      datasetId: dataset.id,
      uploadId: upload.id,
      options: input.options,
      limits: prepareLimits(upload.bytes),
      createdAt,
      queuedAt: createdAt,
    })
    await markUploadCompleted(tx, { uploadId: upload.id, jobId: row.id })
    return { datasetId: dataset.id, job: await toPrepareJob(tx, row) }
  })
  await enqueue(call, completed.job)
  return completed
}

/**
 * The answer of the request that completed the upload. Throws Failure CONFLICT where it had other options, or where its
 * job was deleted.
 */
async function completedBefore({
  tx,
  call,
  upload,
  options,
}: {
  tx: Queries
  call: Call
  upload: UploadRow
  options: PrepareOptions
}): Promise<Completed> {
  const job =
    upload.jobId === null ? undefined : await findJob(tx, { projectId: call.caller.projectId, jobId: upload.jobId })
  if (job === undefined)
    throw new Failure('CONFLICT', `Upload ${upload.id} was completed, and its job has been deleted`)
  const shown = await toPrepareJob(tx, job)
  if (!isDeepStrictEqual(shown.options, options))
    throw new Failure('CONFLICT', `Upload ${upload.id} was completed with other options; start a new upload for these`)
  return { datasetId: shown.datasetId, job: shown }
}
