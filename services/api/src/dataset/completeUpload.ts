import { Failure, makeId, prepareJob, prepareOptions, uploadId, uploadPart, datasetId, trainingSpec, type Issue, type PrepareOptions } from '@imclr/contract'
import { completeUpload as noteCompletion, findJob, insertJob, lockUpload, nameDataset, type Queries, type UploadRow } from '@imclr/database'
import type { StoredPart } from '@imclr/storage'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { enqueue } from '../job/enqueue.js'
import { shownPrepareJob } from '../job/shownJob.js'
import type { Call } from '../request/context.js'
import { earlierAnswer, idempotent } from '../request/idempotent.js'
import { bytesOfPart } from './partSizes.js'
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
    const dataset = await nameDataset(tx, { id: makeId('ds', call.random(20)), projectId, name: upload.datasetName, createdAt })
    const row = await insertJob(tx, {
      id: makeId('job', call.random(20)), projectId, kind: 'prepare', name: upload.datasetName, datasetId: dataset.id, uploadId: upload.id, options: input.options,
      limits: trainingSpec.parse({}).limits, createdAt, queuedAt: createdAt,
    })
    await noteCompletion(tx, { uploadId: upload.id, jobId: row.id })
    return { datasetId: dataset.id, job: await shownPrepareJob(tx, row) }
  })
  await enqueue(call, completed.job.id)
  return completed
}

/** Joins the parts in the store, once they are all there and as announced. */
async function joinParts(call: Call, upload: UploadRow, announced: Input['parts']): Promise<void> {
  const multipart = { key: upload.objectKey, multipartId: upload.multipartId }
  // Joined before, by a request that was cut off or by one beside this.
  const isJoined = async (): Promise<boolean> => (await call.store.head(upload.objectKey))?.bytes === upload.bytes
  if (await isJoined()) return
  try {
    const stored = await call.store.listParts(multipart)
    refuseUnlike(upload, announced, stored)
    await call.store.completeMultipart({ ...multipart, parts: stored })
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'NOT_FOUND' && (await isJoined()))) throw error
  }
}

function refuseUnlike(upload: UploadRow, announced: Input['parts'], stored: StoredPart[]): void {
  const sent = new Map(announced.map((part) => [part.partNumber, part]))
  const there = new Map(stored.map((part) => [part.partNumber, part]))
  const missing: Issue[] = []
  const unlike: Issue[] = []
  for (let number = 1; number <= upload.partCount; number++) {
    const [mine, theirs] = [sent.get(number), there.get(number)]
    const expected = bytesOfPart(upload, number)
    const path = `parts.${number}`
    if (theirs === undefined) missing.push({ path, code: 'missing', message: `Part ${number} has not arrived`, fix: 'Send it' })
    else if (theirs.bytes !== expected) missing.push({ path, code: 'wrong_size', message: `Part ${number} has ${theirs.bytes} bytes instead of ${expected}`, fix: 'Send it again' })
    else if (mine === undefined) missing.push({ path, code: 'not_listed', message: `Part ${number} is not listed in parts`, fix: 'List every part with its checksum' })
    else if (theirs.sha256 !== null && theirs.sha256 !== mine.sha256) unlike.push({ path, code: 'wrong_checksum', message: `Part ${number} arrived with another checksum`, fix: 'Send it again' })
  }
  if (missing.length > 0) throw new Failure('UPLOAD_INCOMPLETE', `${missing.length} of ${upload.partCount} parts of upload ${upload.id} are missing`, { issues: missing })
  if (unlike.length > 0) throw new Failure('CHECKSUM_MISMATCH', `${unlike.length} parts of upload ${upload.id} are not those listed`, { issues: unlike })
  if (sent.size !== upload.partCount || stored.length !== upload.partCount) throw new Failure('BAD_INPUT', `Upload ${upload.id} has ${upload.partCount} parts, not more`)
}

/** The answer of the request that completed it. Throws Failure CONFLICT where that had other options, or its job was deleted. */
async function completedBefore({ tx, call, upload, options }: { tx: Queries; call: Call; upload: UploadRow; options: PrepareOptions }): Promise<Completed> {
  const job = upload.jobId === null ? undefined : await findJob(tx, { projectId: call.caller.projectId, jobId: upload.jobId })
  if (job === undefined) throw new Failure('CONFLICT', `Upload ${upload.id} was completed, and its job has been deleted`)
  const shown = await shownPrepareJob(tx, job)
  if (!isDeepStrictEqual(shown.options, options)) throw new Failure('CONFLICT', `Upload ${upload.id} was completed with other options; start a new upload for these`)
  return { datasetId: shown.datasetId, job: shown }
}
