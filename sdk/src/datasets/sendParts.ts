import type { Api, Upload } from '../generated/api.js'
import { toErrorFields } from '../connection/connect.js'
import { originOf, proxyFields, reachabilityHint } from '../connection/proxy.js'
import { ConnectionError, errorForStatus, localError, type ErrorFields } from '../errors.js'
import { sleep } from '../connection/sleep.js'
import type { Source } from './source.js'

/** One part of the upload in the store: its number (from 1) and the base64 of its sha256. */
export interface Part {
  partNumber: number
  sha256: string
}

export interface SendOptions {
  api: Api
  fetch: typeof fetch
  source: Source
  upload: Upload
  /** The sha256 of each part that the store has already. */
  storedParts: Map<number, string | null>
  signal: AbortSignal | undefined
  /** Called with the bytes that the store has so far. */
  onSent: (bytes: number) => void
}

const concurrency = 4
const maxTriesPerPart = 6

/**
 * Sends the missing parts straight to the store by signed URLs. The store checks each part against the sha256 that its
 * URL was signed for. Parts that arrived in an earlier run, or before a connection broke, are not sent again.
 */
export async function sendParts(options: SendOptions): Promise<Part[]> {
  const { source, upload, storedParts, onSent } = options
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  const parts: Part[] = []
  let sent = 0
  let next = 1
  const sendNext = async (): Promise<void> => {
    while (next <= upload.partCount && !signal.aborted) {
      const partNumber = next++
      const start = (partNumber - 1) * upload.partBytes
      const body = await source.read(start, Math.min(start + upload.partBytes, upload.bytes))
      const sha256 = base64(await crypto.subtle.digest('SHA-256', body))
      if (storedParts.get(partNumber) !== sha256) await sendPart({ ...options, signal }, { partNumber, sha256, body })
      parts.push({ partNumber, sha256 })
      sent += body.length
      onSent(sent)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, upload.partCount) }, sendNext))
  } catch (error) {
    failed.abort(error) // stops the other parts
    throw error
  }
  options.signal?.throwIfAborted()
  return parts.sort((a, b) => a.partNumber - b.partNumber)
}

async function sendPart(
  { api, fetch, upload, signal }: SendOptions,
  { partNumber, sha256, body }: Part & { body: Uint8Array<ArrayBuffer> },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // Each try signs anew: a URL may have expired while the connection was down.
    const {
      parts: [part],
    } = await api.dataset.signParts({ uploadId: upload.id, parts: [{ partNumber, sha256 }] }, { signal })
    const answer = await fetch(part!.url, { method: 'PUT', headers: part!.headers, body, signal }).catch(
      (error: unknown) => error as Error,
    )
    signal?.throwIfAborted()
    if (!(answer instanceof Error) && answer.ok) return
    const text = answer instanceof Error ? reasonOf(answer) : await answer.text()
    const isFinal = !(answer instanceof Error) && [413, 507].includes(answer.status)
    if (attempt < maxTriesPerPart && !isFinal) {
      await sleep(300 * 2 ** attempt, signal)
      continue
    }
    if (answer instanceof Error)
      throw new ConnectionError(
        {
          ...localError(
            'UPLOAD_BROKEN',
            `Part ${partNumber} of ${upload.partCount} could not be sent to ${originOf(part!.url)}: ${text}`,
            `${reachabilityHint} Then run the upload again: it continues where it stopped.`,
          ),
          retryable: true,
        },
        { cause: answer },
      )
    // Our own service answers in JSON; an S3 store answers in its own format.
    const page = proxyFields(
      { status: answer.status, contentType: answer.headers.get('content-type'), text },
      part!.url,
    )
    throw errorForStatus(
      toErrorFields(
        page ?? {
          code: 'UPLOAD_REFUSED',
          message: `The store at ${originOf(part!.url)} refused part ${partNumber} with status ${answer.status}: ${text.slice(0, 300)}`,
          hint: 'Run the upload again: it continues where it stopped.',
          retryable: false,
          ...asJson(text),
        },
        answer.status,
      ),
    )
  }
}

/** `fetch` only says "fetch failed"; the reason is in the cause. */
const reasonOf = (error: Error): string =>
  error.cause instanceof Error
    ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code)
    : error.message

function asJson(text: string): Partial<ErrorFields> {
  try {
    return JSON.parse(text) as Partial<ErrorFields>
  } catch {
    return {}
  }
}

const base64 = (buffer: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(buffer)))
