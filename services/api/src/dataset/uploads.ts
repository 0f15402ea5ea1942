import {
  Failure,
  makeId,
  signedPart,
  uploadId,
  uploadPart,
  type createUploadRequest,
  type Issue,
  type Upload,
  type UploadPart,
} from '@imclr/contract'
import { findUpload, insertUpload, markUploadAborted, type UploadRow } from '@imclr/database'
import { keys, type StoredPart } from '@imclr/storage'
import { z } from 'zod'
import { maxParts } from '../config.js'
import { addressOf, type Call } from '../request/context.js'
import { earlierAnswer, idempotent } from '../request/idempotent.js'

export function toUpload({ id, datasetName, bytes, partBytes, partCount, state, expiresAt }: UploadRow): Upload {
  return { id, datasetName, bytes, partBytes, partCount, state, expiresAt: expiresAt.toISOString() }
}

/** Finds an upload of the caller's project. Throws Failure NOT_FOUND. */
export async function requireUpload({ database, caller }: Call, uploadId: string): Promise<UploadRow> {
  const row = await findUpload(database.queries, { projectId: caller.projectId, uploadId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no upload ${uploadId}`)
  return row
}

/**
 * Finds an upload that still takes parts. Throws Failure NOT_FOUND, UPLOAD_EXPIRED, or CONFLICT where it is completed
 * or aborted.
 */
async function requireOpenUpload(call: Call, uploadId: string): Promise<UploadRow> {
  const row = await requireUpload(call, uploadId)
  assertOpen(row, call.clock())
  return row
}

export function assertOpen({ id, state, expiresAt }: UploadRow, now: Date): void {
  if (state === 'open' && expiresAt <= now)
    throw new Failure('UPLOAD_EXPIRED', `Upload ${id} expired at ${expiresAt.toISOString()}`)
  if (state === 'aborted')
    throw new Failure(
      expiresAt <= now ? 'UPLOAD_EXPIRED' : 'CONFLICT',
      `Upload ${id} was ${expiresAt <= now ? 'aborted when it expired' : 'aborted'}`,
    )
  if (state === 'completed') throw new Failure('CONFLICT', `Upload ${id} is completed`)
}

/** Begins an upload in the store. The client sends the parts later. Throws Failure LIMIT_REACHED. */
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
  // The store comes before the transaction: no transaction may wait for it.
  const multipartId = await store.createMultipart(objectKey, 'application/octet-stream')
  let answer: Upload | undefined
  try {
    answer = await idempotent(call, input, async (tx) =>
      toUpload(
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

const mebibyte = 2 ** 20

/**
 * Bytes of every part but the last: the usual size, or a larger one where an archive would have more than 10,000 parts.
 */
function partBytesFor(bytes: number, usual: number): number {
  return Math.max(usual, Math.ceil(bytes / maxParts / mebibyte) * mebibyte)
}

const partCountOf = (bytes: number, partBytes: number): number => Math.ceil(bytes / partBytes)

/** Bytes of one part, counted from 1. */
function bytesOfPart(upload: { bytes: number; partBytes: number }, partNumber: number): number {
  return Math.min(upload.partBytes, upload.bytes - (partNumber - 1) * upload.partBytes)
}

export const signPartsRequest = z.strictObject({ uploadId, parts: z.array(uploadPart).min(1).max(500) })
export const signedParts = z.object({ parts: z.array(signedPart), expiresAt: z.iso.datetime() })

const longestSeconds = 3600

/** URLs to send parts to. Each works for its part with its checksum and length only, and for an hour at most. */
export async function signParts(
  call: Call,
  { uploadId, parts }: z.output<typeof signPartsRequest>,
): Promise<z.infer<typeof signedParts>> {
  const upload = await requireOpenUpload(call, uploadId)
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

export const listedParts = z.object({
  parts: z.array(z.object({ partNumber: z.int(), sha256: z.string().nullable(), bytes: z.int() })),
})

/** The parts that the store has. A client whose upload was interrupted sends the others. */
export async function listParts(call: Call, { uploadId }: { uploadId: string }): Promise<z.infer<typeof listedParts>> {
  const { objectKey, multipartId } = await requireOpenUpload(call, uploadId)
  const parts = await call.store.listParts({ key: objectKey, multipartId })
  return { parts: parts.map(({ partNumber, sha256, bytes }) => ({ partNumber, sha256, bytes })) }
}

/**
 * Aborts an upload and drops the parts that were sent. Aborting it again changes nothing. Throws Failure CONFLICT where
 * it is completed.
 */
export async function abortUpload(call: Call, { uploadId }: { uploadId: string }): Promise<Upload> {
  const upload = await requireUpload(call, uploadId)
  const aborted = await call.database.transaction((tx) =>
    markUploadAborted(tx, { uploadId, prefix: keys.uploadPrefix(call.caller.projectId, uploadId) }),
  )
  if (aborted === undefined) throw new Failure('CONFLICT', `Upload ${uploadId} is completed`)
  await call.store.abortMultipart({ key: upload.objectKey, multipartId: upload.multipartId })
  return toUpload(aborted)
}

/**
 * Joins the parts of an upload in the store, once all have arrived as announced. Throws Failure UPLOAD_INCOMPLETE,
 * CHECKSUM_MISMATCH.
 */
export async function joinParts(call: Pick<Call, 'store'>, upload: UploadRow, announced: UploadPart[]): Promise<void> {
  const multipart = { key: upload.objectKey, multipartId: upload.multipartId }
  // A request that was interrupted, or another at the same time, may have joined them already.
  const isJoined = async (): Promise<boolean> => (await call.store.head(upload.objectKey))?.bytes === upload.bytes
  if (await isJoined()) return
  try {
    const stored = await call.store.listParts(multipart)
    assertPartsMatch(upload, announced, stored)
    await call.store.completeMultipart({ ...multipart, parts: stored })
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'NOT_FOUND' && (await isJoined()))) throw error
  }
}

function assertPartsMatch(upload: UploadRow, announced: UploadPart[], stored: StoredPart[]): void {
  const sent = new Map(announced.map((part) => [part.partNumber, part]))
  const arrived = new Map(stored.map((part) => [part.partNumber, part]))
  const missing: Issue[] = []
  const mismatched: Issue[] = []
  for (let number = 1; number <= upload.partCount; number++) {
    const [mine, theirs] = [sent.get(number), arrived.get(number)]
    const expected = bytesOfPart(upload, number)
    const path = `parts.${number}`
    if (theirs === undefined)
      missing.push({ path, code: 'missing', message: `Part ${number} has not arrived`, fix: 'Send it' })
    else if (theirs.bytes !== expected)
      missing.push({
        path,
        code: 'wrong_size',
        message: `Part ${number} has ${theirs.bytes} bytes instead of ${expected}`,
        fix: 'Send it again',
      })
    else if (mine === undefined)
      missing.push({
        path,
        code: 'not_listed',
        message: `Part ${number} is not listed in parts`,
        fix: 'List every part with its checksum',
      })
    else if (theirs.sha256 !== null && theirs.sha256 !== mine.sha256)
      mismatched.push({
        path,
        code: 'wrong_checksum',
        message: `Part ${number} arrived with another checksum`,
        fix: 'Send it again',
      })
  }
  if (missing.length > 0)
    throw new Failure(
      'UPLOAD_INCOMPLETE',
      `${missing.length} of ${upload.partCount} parts of upload ${upload.id} are missing`,
      { issues: missing },
    )
  if (mismatched.length > 0)
    throw new Failure('CHECKSUM_MISMATCH', `${mismatched.length} parts of upload ${upload.id} are not those listed`, {
      issues: mismatched,
    })
  if (sent.size !== upload.partCount || stored.length !== upload.partCount)
    throw new Failure('BAD_INPUT', `Upload ${upload.id} has ${upload.partCount} parts, not more`)
}
