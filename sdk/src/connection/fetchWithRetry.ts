/** `fetch` that tries again where that is safe: after a broken connection, 408, 429 and 5xx but 507 (a full disk), with jitter, honouring Retry-After. */
export interface Persistence {
  fetch: typeof fetch
  /** Tries after the first. */
  retries: number
  /** For one try, up to the first byte of its answer; streams are not bounded beyond it. */
  timeoutMs: number
  /**
   * Reads the whole answer within the try, so that one which breaks off in the middle, or of which no more comes for as long as a try may
   * take, is asked for again as well. Not for streams. @default false
   */
  whole?: boolean
  /** Milliseconds to wait before try `n` (from 1); an argument so that tests need not wait. */
  delay?: (n: number) => number
}

const jittered = (n: number): number => Math.min(10_000, 250 * 2 ** (n - 1)) * (0.5 + Math.random() / 2)

export function persistentFetch({
  fetch: plain,
  retries,
  timeoutMs,
  whole = false,
  delay = jittered,
}: Persistence): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await one(plain, { input, init, timeoutMs, whole }).catch((error: unknown) => error as Error)
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
      await pause(Number.isFinite(after) ? Math.min(after, 60_000) : delay(attempt), init?.signal ?? undefined)
    }
  }
}

async function one(
  plain: typeof fetch,
  {
    input,
    init,
    timeoutMs,
    whole,
  }: { input: Parameters<typeof fetch>[0]; init: RequestInit | undefined; timeoutMs: number; whole: boolean },
): Promise<Response> {
  const timeout = new AbortController()
  const wait = () =>
    setTimeout(() => timeout.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError')), timeoutMs)
  let timer = wait()
  const signal = init?.signal ? AbortSignal.any([init.signal, timeout.signal]) : timeout.signal
  try {
    const answer = await plain(input, { ...init, signal })
    if (!whole || answer.body === null) return answer
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

/** Resolves after `ms`, or rejects with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
