import type { Api, Upload } from '../generated/api.js'
import { fieldsOf } from '../connection/connect.js'
import { originOf, proxyFields, reachable } from '../connection/proxy.js'
import { ConnectionError, errorOfAnswer, localError, type ErrorFields } from '../errors.js'
import { pause } from '../connection/persistentFetch.js'
import type { Source } from './source.js'

/** One part of the upload as the store has it: number from 1, base64 of its sha256. */
export interface Part {
  partNumber: number
  sha256: string
}

export interface SendOptions {
  api: Api
  fetch: typeof fetch
  source: Source
  upload: Upload
  /** The sums of the parts that the store has. */
  held: Map<number, string | null>
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
  const { source, upload, held, onSent } = options
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
      if (held.get(partNumber) !== sha256) await sendPart({ ...options, signal }, { partNumber, sha256, body })
      parts.push({ partNumber, sha256 })
      sent += body.length
      onSent(sent)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, upload.partCount) }, sendNext))
  } catch (error) {
    failed.abort(error) // the others need not go on
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
    // Signed anew at each try: a URL may have expired while the connection was down.
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
    if (attempt < triesPerPart && !isFinal) {
      await pause(300 * 2 ** attempt, signal)
      continue
    }
    if (answer instanceof Error)
      throw new ConnectionError(
        {
          ...localError(
            'UPLOAD_BROKEN',
            `Part ${partNumber} of ${upload.partCount} could not be sent to ${originOf(part!.url)}: ${text}`,
            `${reachable} Then run the upload again: it goes on where it stopped.`,
          ),
          retryable: true,
        },
        { cause: answer },
      )
    // Our own service says what it is in JSON; an S3 store has words of its own.
    const page = proxyFields(
      { status: answer.status, contentType: answer.headers.get('content-type'), text },
      part!.url,
    )
    throw errorOfAnswer(
      fieldsOf(
        page ?? {
          code: 'UPLOAD_REFUSED',
          message: `The store at ${originOf(part!.url)} refused part ${partNumber} with status ${answer.status}: ${text.slice(0, 300)}`,
          hint: 'Run the upload again: it goes on where it stopped.',
          retryable: false,
          ...asJson(text),
        },
        answer.status,
      ),
    )
  }
}

/** What `fetch` calls "fetch failed" has its reason in the cause. */
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
