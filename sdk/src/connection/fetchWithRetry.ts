import { sleep } from './sleep.js'

export interface RetryOptions {
  fetch: typeof fetch
  /** How often a request is tried again. */
  retries: number
  /** Time limit of one try, up to the first byte of its answer. Streams have no limit after that. */
  timeoutMs: number
  /**
   * Reads the whole answer within the try. So an answer that breaks off in the middle is requested again too, and so is
   * one that brings nothing for `timeoutMs`. Not for streams. @default false
   */
  readBody?: boolean
  /** Milliseconds to wait before retry `n` (from 1). */
  delay?: (n: number) => number
}

const jittered = (n: number): number => Math.min(10_000, 250 * 2 ** (n - 1)) * (0.5 + Math.random() / 2)

/**
 * Makes a `fetch` that retries where that is safe: after a broken connection, 408, 429 and 5xx except 507 (a full
 * disk), with jitter, and obeys Retry-After.
 */
export function fetchWithRetry({
  fetch: baseFetch,
  retries,
  timeoutMs,
  readBody = false,
  delay = jittered,
}: RetryOptions): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetchOnce(baseFetch, { input, init, timeoutMs, readBody }).catch(
        (error: unknown) => error as Error,
      )
      init?.signal?.throwIfAborted()
      const failed =
        answer instanceof Error ||
        answer.status === 408 ||
        answer.status === 429 ||
        (answer.status >= 500 && answer.status !== 507)
      if (!failed || attempt > retries) {
        if (answer instanceof Error) throw answer
        return answer
      }
      const after =
        answer instanceof Error ? Number.NaN : Number(answer.headers.get('retry-after') ?? Number.NaN) * 1000
      if (!(answer instanceof Error)) await answer.body?.cancel()
      await sleep(Number.isFinite(after) ? Math.min(after, 60_000) : delay(attempt), init?.signal ?? undefined)
    }
  }
}

async function fetchOnce(
  baseFetch: typeof fetch,
  {
    input,
    init,
    timeoutMs,
    readBody,
  }: { input: Parameters<typeof fetch>[0]; init: RequestInit | undefined; timeoutMs: number; readBody: boolean },
): Promise<Response> {
  const timeout = new AbortController()
  const wait = () =>
    setTimeout(() => timeout.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError')), timeoutMs)
  let timer = wait()
  const signal = init?.signal ? AbortSignal.any([init.signal, timeout.signal]) : timeout.signal
  try {
    const answer = await baseFetch(input, { ...init, signal })
    if (!readBody || answer.body === null) return answer
    const pieces: Uint8Array<ArrayBuffer>[] = []
    const reader = answer.body.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      pieces.push(read.value)
      clearTimeout(timer)
      timer = wait()
    }
    return new Response(new Blob(pieces), answer)
  } finally {
    clearTimeout(timer)
  }
}
