import type { Note, PrepareOptionsInput } from '../generated/api.js'
import type { Connection } from '../connection/connect.js'
import { ConflictError, PrepareFailedError } from '../errors.js'
import { followJob, type JobUpdate } from '../jobs/followJob.js'
import type { Part } from './sendParts.js'
import { sendUpload } from './sendUpload.js'
import { openSource } from './source.js'
import { mergeNotes, type FollowLinks } from './walkFolder.js'

export interface UploadOptions extends PrepareOptionsInput {
  /**
   * The data set's name. An upload under a name that exists adds a version.
   * @default the file's name without its ending
   */
  name?: string
  onProgress?: (progress: UploadProgress) => void
  /** Which links in an uploaded folder are followed: those that stay inside it, all, or none. @default 'inside' */
  followLinks?: FollowLinks
  /** Ends the upload or the wait. Parts that were sent stay for a day, and the next call continues from them. */
  signal?: AbortSignal
}

export type UploadProgress =
  | { phase: 'uploading'; bytes: number; totalBytes: number }
  | { phase: 'waiting' } // everything was sent; preparing begins when it is this upload's turn
  | { phase: 'preparing'; images: number; totalImages: number; secondsLeft: number | null }

/** One immutable, checked version of a data set, ready to be trained on. */
export interface Dataset {
  id: string
  name: string
  versionId: string
  classes: string[]
  /** `validation` is above 0 only if the upload had both a validation part and a test part. */
  counts: { train: number; validation: number; test: number; unlabelled: number }
  picture: { height: number; width: number }
  /**
   * Everything that was ignored, renamed, merged or assumed, with counts and examples. `upload` returns the notes of
   * that upload; `get` returns those of the upload that first made the version.
   */
  notes: Note[]
}

/** Sends the files straight to the store, and waits until the service has checked and packed them. */
export async function uploadDataset(
  connection: Connection,
  from: string | URL | Blob | Uint8Array,
  options: UploadOptions,
): Promise<Dataset> {
  const { name, onProgress, signal, followLinks, ...prepare } = options
  const source = await openSource(from, { followLinks })
  try {
    const datasetName = name ?? source.name.replace(/(\.tar)?\.[a-z0-9]+$/i, '')
    const onSent = (bytes: number) => onProgress?.({ phase: 'uploading', bytes, totalBytes: source.bytes })
    const complete = (uploadId: string, parts: Part[]) =>
      connection.api.dataset.completeUpload(
        { uploadId, parts, options: prepare },
        { signal, idempotencyKey: `complete-${uploadId}` },
      )
    const completed = await sendUpload(connection, { source, name: datasetName, signal, onSent, complete })
    const dataset = await waitForVersion(connection, { jobId: completed.job.id, onProgress, signal, name: datasetName })
    return { ...dataset, notes: mergeNotes(source.notes, dataset.notes) }
  } catch (error) {
    if (error instanceof PrepareFailedError) error.notes = mergeNotes(source.notes, error.notes)
    throw error
  } finally {
    await source.close()
  }
}

interface PrepareWait {
  jobId: string
  onProgress: UploadOptions['onProgress']
  signal: AbortSignal | undefined
  name: string
}

async function waitForVersion(
  connection: Connection,
  { jobId, onProgress, signal, name }: PrepareWait,
): Promise<Dataset> {
  let notes: Note[] | null = null
  const report = ({ event }: JobUpdate) => {
    if (event.type === 'noted') notes = event.notes
    if (event.type === 'progress' && event.phase === 'preparing')
      onProgress?.({ phase: 'preparing', images: event.done, totalImages: event.total, secondsLeft: event.secondsLeft })
  }
  onProgress?.({ phase: 'waiting' })
  const job = await followJob(connection, jobId, { onEvent: report, signal }).catch((error: unknown) => {
    if (error instanceof PrepareFailedError) error.notes = notes ?? []
    throw error
  })
  if (job.kind !== 'prepare' || !job.versionId)
    throw new ConflictError({
      code: 'CONFLICT',
      message: `${jobId} made no data set.`,
      hint: '',
      status: 409,
      retryable: false,
      requestId: null,
      issues: [],
    })
  const version = await getVersion(connection, job.versionId, job.datasetId)
  // The same content is the same version, and a version keeps the notes of its first upload. These notes belong to this
  // upload.
  return { name, ...version, notes: notes ?? version.notes }
}

export async function getVersion(
  { api }: Connection,
  versionId: string,
  datasetId?: string,
): Promise<Omit<Dataset, 'name'>> {
  const version = await api.dataset.getVersion({ versionId })
  return {
    id: datasetId ?? version.datasetId,
    versionId: version.id,
    classes: version.classes,
    counts: version.counts,
    picture: version.picture,
    notes: version.notes,
  }
}
