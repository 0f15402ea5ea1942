import type { Api, Upload } from '../generated/api.js'
import { ConnectionError, errorOfAnswer, localError } from '../errors.js'
import { pause } from '../connection/persistentFetch.js'
import type { Source } from './source.js'

/** One part of the upload as the store has it: number from 1, base64 of its sha256. */
interface Part { partNumber: number; sha256: string }

export interface SendOptions {
  api: Api
  fetch: typeof fetch
  source: Source
  upload: Upload
  signal: AbortSignal | undefined
  /** Bytes that the store holds so far. */
  onSent: (bytes: number) => void
}

const atOnce = 4
const triesPerPart = 6

/**
 * Sends what the store lacks, part by part, straight to the store by signed URLs; each part is checked there against the
 * sha256 it was signed with. Parts that arrived before a connection broke, or in an earlier run, are not sent again.
 */
export async function sendParts(options: SendOptions): Promise<Part[]> {
  const { api, source, upload, signal, onSent } = options
  const held = new Map((await api.dataset.listParts({ uploadId: upload.id }, { signal })).parts.map((part) => [part.partNumber, part.sha256]))
  const parts: Part[] = []
  let sent = 0
  let next = 1
  const sendNext = async (): Promise<void> => {
    while (next <= upload.partCount) {
      const partNumber = next++
      const start = (partNumber - 1) * upload.partBytes
      const body = await source.read(start, Math.min(start + upload.partBytes, upload.bytes))
      const sha256 = base64(await crypto.subtle.digest('SHA-256', body))
      if (held.get(partNumber) !== sha256) await sendPart(options, { partNumber, sha256, body })
      parts.push({ partNumber, sha256 })
      sent += body.length
      onSent(sent)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, upload.partCount) }, sendNext))
  return parts.sort((a, b) => a.partNumber - b.partNumber)
}

async function sendPart({ api, fetch, upload, signal }: SendOptions, { partNumber, sha256, body }: Part & { body: Uint8Array<ArrayBuffer> }): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // Signed anew at each try: a URL may have expired while the connection was down.
    const { parts: [part] } = await api.dataset.signParts({ uploadId: upload.id, parts: [{ partNumber, sha256 }] }, { signal })
    const answer = await fetch(part!.url, { method: 'PUT', headers: part!.headers, body, signal }).catch((error: unknown) => error as Error)
    signal?.throwIfAborted()
    if (!(answer instanceof Error) && answer.ok) return
    const text = answer instanceof Error ? answer.message : await answer.text()
    if (attempt < triesPerPart) { await pause(300 * 2 ** attempt, signal); continue }
    if (answer instanceof Error) throw new ConnectionError({ ...localError('UPLOAD_BROKEN', `Part ${partNumber} of ${upload.partCount} could not be sent: ${text}`, 'Run the upload again: it goes on where it stopped.'), retryable: true }, { cause: answer })
    throw errorOfAnswer({ code: 'UPLOAD_REFUSED', message: `The store refused part ${partNumber} with status ${answer.status}: ${text.slice(0, 300)}`, hint: 'Run the upload again: it goes on where it stopped.', status: answer.status, retryable: false, requestId: null, issues: [] })
  }
}

const base64 = (buffer: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(buffer)))
