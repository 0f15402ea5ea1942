import type { Connection } from '../connection/connect.js'
import { ConflictError, NotFoundError } from '../errors.js'
import type { Upload } from '../generated/api.js'
import { sendParts, type Part } from './sendParts.js'
import type { Source } from './source.js'

export interface SendUploadOptions<Answer> {
  source: Source
  /** Name of the data set or network that the upload becomes. */
  name: string
  signal: AbortSignal | undefined
  /** Called with the bytes that the store has so far. */
  onSent: (bytes: number) => void
  /** Turns the upload into a data set or a network. */
  complete: (uploadId: string, parts: Part[]) => Promise<Answer>
}

/**
 * Sends bytes to the store and completes the upload. An upload that an earlier call left open continues where it
 * stopped.
 */
export async function sendUpload<Answer>(
  connection: Connection,
  { source, name, signal, onSent, complete }: SendUploadOptions<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const { upload, storedParts } = await openUpload(connection, { source, name, signal })
    const completed = await sendParts({
      api: connection.api,
      fetch: connection.send,
      source,
      upload,
      storedParts,
      signal,
      onSent,
    })
      .then((parts) => complete(upload.id, parts))
      .catch((error: unknown) => {
        // Another call with the same bytes shared this upload and has completed it.
        if (error instanceof ConflictError && attempt < maxUploads) return null
        throw error
      })
    if (completed !== null) return completed
  }
}

const maxUploads = 5

/**
 * The upload that an earlier call for the same bytes left open, or a new one. The idempotency key follows from the
 * content, so the upload is found again without any local state.
 */
async function openUpload(
  { api }: Connection,
  { source, name, signal }: { source: Source; name: string; signal: AbortSignal | undefined },
): Promise<{ upload: Upload; storedParts: Map<number, string | null> }> {
  const request = { datasetName: name, fileName: source.name, bytes: source.bytes }
  for (let idempotencyKey = await fingerprint(source, name); ;) {
    const upload = await api.dataset.createUpload(request, { signal, idempotencyKey })
    try {
      const { parts } = await api.dataset.listParts({ uploadId: upload.id }, { signal })
      return { upload, storedParts: new Map(parts.map((part) => [part.partNumber, part.sha256])) }
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error
      // It was completed or aborted, or it has expired. The key of the next one follows from it, so that one is found
      // again too.
      idempotencyKey = `upload-after-${upload.id}`
    }
  }
}

/**
 * A key from name, length and the sha256 of up to 64 samples of 64 KiB. Samples are cheap, and each part is compared by
 * its own sha256 anyway.
 */
async function fingerprint(source: Source, name: string): Promise<string> {
  const size = 65_536
  const samples = Math.min(64, Math.ceil(source.bytes / size))
  const step = samples > 1 ? Math.floor((source.bytes - Math.min(size, source.bytes)) / (samples - 1)) : 0
  const pieces: Uint8Array<ArrayBuffer>[] = [new TextEncoder().encode(`${name}\n${source.name}\n${source.bytes}\n`)]
  for (let index = 0; index < samples; index++)
    pieces.push(await source.read(index * step, Math.min(index * step + size, source.bytes)))
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer())
  return `upload-${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
