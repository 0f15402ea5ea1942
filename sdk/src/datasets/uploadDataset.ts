import type { PrepareOptionsInput, Upload } from '../generated/api.js'
import type { Connection } from '../connection/connect.js'
import { ConflictError, NotFoundError } from '../errors.js'
import { followJob, type JobUpdate } from '../jobs/followJob.js'
import { openSource, type Source } from './source.js'
import { sendParts } from './sendParts.js'

export interface UploadOptions extends PrepareOptionsInput {
  /** Data sets are found by their names; the same name again adds a version. @default the file's name without its ending */
  name?: string
  onProgress?: (progress: UploadProgress) => void
  /** Ends the upload or the wait; parts that were sent stay for a day, and the next call goes on from them. */
  signal?: AbortSignal
}

export type UploadProgress =
  | { phase: 'uploading'; bytes: number; totalBytes: number }
  | { phase: 'preparing'; images: number; totalImages: number; secondsLeft: number | null }

/** One immutable, checked version of a data set, ready to be trained on. */
export interface Dataset {
  id: string
  name: string
  versionId: string
  classes: string[]
  counts: { train: number; test: number; unlabelled: number }
  picture: { height: number; width: number }
}

/**
 * Uploads an archive (zip, tar, tar.gz) or a folder straight to the store and has it checked and packed. Going on after a
 * broken connection or a crash needs nothing but calling it again with the same file.
 *
 * @throws PrepareFailedError with every bad file, its problem and its fix in `issues`
 */
export async function uploadDataset(connection: Connection, from: string | URL | Blob | Uint8Array, options: UploadOptions = {}): Promise<Dataset> {
  const { name, onProgress, signal, ...prepare } = options
  const source = await openSource(from)
  try {
    const datasetName = name ?? source.name.replace(/(\.tar)?\.[a-z0-9]+$/i, '')
    for (let attempt = 1; ; attempt++) {
      const { upload, held } = await openUpload(connection, { source, datasetName, signal })
      const onSent = (bytes: number) => onProgress?.({ phase: 'uploading', bytes, totalBytes: upload.bytes })
      const completed = await sendParts({ api: connection.api, fetch: connection.send, source, upload, held, signal, onSent })
        .then((parts) => connection.api.dataset.completeUpload({ uploadId: upload.id, parts, options: prepare }, { signal, idempotencyKey: `complete-${upload.id}` }))
        .catch((error: unknown) => {
          // Another call with the same bytes, at the same time, had the same upload and has closed it.
          if (error instanceof ConflictError && attempt < mostUploads) return null
          throw error
        })
      if (completed) return await prepared(connection, { jobId: completed.job.id, onProgress, signal, name: datasetName })
    }
  } finally {
    await source.close()
  }
}

const mostUploads = 5

/**
 * The upload that an earlier call for the same bytes left open, or a new one. The key of the request is made of the
 * content, so no note of ours is needed to find it again.
 */
async function openUpload({ api }: Connection, { source, datasetName, signal }: { source: Source; datasetName: string; signal: AbortSignal | undefined }): Promise<{ upload: Upload; held: Map<number, string | null> }> {
  const request = { datasetName, fileName: source.name, bytes: source.bytes }
  for (let idempotencyKey = await fingerprint(source, datasetName); ;) {
    const upload = await api.dataset.createUpload(request, { signal, idempotencyKey })
    try {
      const { parts } = await api.dataset.listParts({ uploadId: upload.id }, { signal })
      return { upload, held: new Map(parts.map((part) => [part.partNumber, part.sha256])) }
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error
      // It was completed, given up or has expired; the one that follows can be found again, too.
      idempotencyKey = `upload-after-${upload.id}`
    }
  }
}

/** Of name, length and the sha256 over up to 64 samples of 64 KiB: cheap, and parts are compared by their own sums anyway. */
async function fingerprint(source: Source, datasetName: string): Promise<string> {
  const size = 65_536
  const samples = Math.min(64, Math.ceil(source.bytes / size))
  const step = samples > 1 ? Math.floor((source.bytes - Math.min(size, source.bytes)) / (samples - 1)) : 0
  const pieces: Uint8Array<ArrayBuffer>[] = [new TextEncoder().encode(`${datasetName}\n${source.name}\n${source.bytes}\n`)]
  for (let index = 0; index < samples; index++) pieces.push(await source.read(index * step, Math.min(index * step + size, source.bytes)))
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer())
  return `upload-${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

interface Waiting { jobId: string; onProgress: UploadOptions['onProgress']; signal: AbortSignal | undefined; name: string }

async function prepared(connection: Connection, { jobId, onProgress, signal, name }: Waiting): Promise<Dataset> {
  const report = ({ event }: JobUpdate) => {
    if (event.type === 'progress' && event.phase === 'preparing') onProgress?.({ phase: 'preparing', images: event.done, totalImages: event.total, secondsLeft: event.secondsLeft })
  }
  const job = await followJob(connection, jobId, { onEvent: report, signal })
  if (job.kind !== 'prepare' || !job.versionId) throw new ConflictError({ code: 'CONFLICT', message: `${jobId} gave no data set.`, hint: '', status: 409, retryable: false, requestId: null, issues: [] })
  return { name, ...(await getVersion(connection, job.versionId, job.datasetId)) }
}

export async function getVersion({ api }: Connection, versionId: string, datasetId?: string): Promise<Omit<Dataset, 'name'>> {
  const version = await api.dataset.getVersion({ versionId })
  return { id: datasetId ?? version.datasetId, versionId: version.id, classes: version.classes, counts: version.counts, picture: version.picture }
}
