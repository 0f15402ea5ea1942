import {
  Failure,
  makeId,
  prepareJob,
  prepareOptions,
  uploadId,
  uploadPart,
  datasetId,
  prepareLimits,
  type PrepareOptions,
} from '@imclr/contract'
import { closeUpload, findJob, insertJob, lockUpload, nameDataset, type Queries, type UploadRow } from '@imclr/database'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { enqueue } from '../job/enqueue.js'
import { shownPrepareJob } from '../job/shownJob.js'
import type { Call } from '../request/context.js'
import { earlierAnswer, idempotent } from '../request/idempotent.js'
import { joinParts } from './joinParts.js'
import { ownUpload, refuseClosed } from './shownUpload.js'

export const completeUploadRequest = z.strictObject({
  uploadId,
  parts: z.array(uploadPart).min(1).max(10_000), // all of them, as they were sent
  options: prepareOptions.default(prepareOptions.parse({})),
})
export const completedUpload = z.object({ datasetId, job: prepareJob })
type Completed = z.infer<typeof completedUpload>
type Input = z.output<typeof completeUploadRequest>

/**
 * Makes an upload the newest content of its data set: refuses while a part is missing or differs, joins the parts, and
 * records the job that prepares a version. Completing again with the same options gives the same job.
 *
 * Throws Failure UPLOAD_INCOMPLETE and CHECKSUM_MISMATCH (the parts in issues), UPLOAD_EXPIRED, CONFLICT.
 */
export async function completeUpload(call: Call, input: Input): Promise<Completed> {
  const earlier = await earlierAnswer<Completed>(call, input)
  if (earlier !== undefined) return earlier
  const upload = await ownUpload(call, input.uploadId)
  if (upload.state !== 'completed') {
    refuseClosed(upload, call.clock())
    await joinParts(call, upload, input.parts)
  }
  const completed = await idempotent(call, input, async (tx) => {
    const locked = await lockUpload(tx, upload.id)
    if (locked?.state === 'completed') return completedBefore({ tx, call, upload: locked, options: input.options })
    refuseClosed(locked ?? upload, call.clock())
    const createdAt = call.clock()
    const { projectId } = call.caller
    const dataset = await nameDataset(tx, {
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
    await closeUpload(tx, { uploadId: upload.id, jobId: row.id })
    return { datasetId: dataset.id, job: await shownPrepareJob(tx, row) }
  })
  await enqueue(call, completed.job)
  return completed
}

/** The answer of the request that completed it. Throws Failure CONFLICT where that had other options, or its job was deleted. */
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
  const shown = await shownPrepareJob(tx, job)
  if (!isDeepStrictEqual(shown.options, options))
    throw new Failure('CONFLICT', `Upload ${upload.id} was completed with other options; start a new upload for these`)
  return { datasetId: shown.datasetId, job: shown }
}
