import { Failure, type Issue, type UploadPart } from '@imclr/contract'
import type { UploadRow } from '@imclr/database'
import type { StoredPart } from '@imclr/storage'
import type { Call } from '../request/context.js'
import { bytesOfPart } from './partSizes.js'

/** Joins the parts of an upload in the store, once they are all there and as announced. Throws Failure UPLOAD_INCOMPLETE, CHECKSUM_MISMATCH. */
export async function joinParts(call: Pick<Call, 'store'>, upload: UploadRow, announced: UploadPart[]): Promise<void> {
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

function refuseUnlike(upload: UploadRow, announced: UploadPart[], stored: StoredPart[]): void {
  const sent = new Map(announced.map((part) => [part.partNumber, part]))
  const there = new Map(stored.map((part) => [part.partNumber, part]))
  const missing: Issue[] = []
  const unlike: Issue[] = []
  for (let number = 1; number <= upload.partCount; number++) {
    const [mine, theirs] = [sent.get(number), there.get(number)]
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
      unlike.push({
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
  if (unlike.length > 0)
    throw new Failure('CHECKSUM_MISMATCH', `${unlike.length} parts of upload ${upload.id} are not those listed`, {
      issues: unlike,
    })
  if (sent.size !== upload.partCount || stored.length !== upload.partCount)
    throw new Failure('BAD_INPUT', `Upload ${upload.id} has ${upload.partCount} parts, not more`)
}
