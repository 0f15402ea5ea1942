import {
  createTRPCUntypedClient,
  httpBatchStreamLink,
  httpLink,
  splitLink,
  TRPCClientError,
  type TRPCUntypedClient,
} from '@trpc/client'
import type { AnyRouter } from '@trpc/server'
import { ConnectionError, errorOfAnswer, ImclrError, type ErrorFields, localError } from '../errors.js'
import { buildApi, procedures, type Api, type CallOptions, type ProcedureName } from '../generated/api.js'
import { findService, type ServiceAddress } from './findService.js'
import { persistentFetch } from './persistentFetch.js'
import { originOf, proxyFields } from './proxy.js'

export interface ClientOptions extends Partial<ServiceAddress> {
  /** Stands in for the global `fetch`. */
  fetch?: typeof fetch
  /** For one try of one request, and then for each piece of its answer; a part of an upload has a quarter of an hour. @default 60000 */
  timeoutMs?: number
  /** Tries after the first, where trying again is safe. @default 4 */
  retries?: number
}

export interface Connection {
  api: Api
  address(): Promise<ServiceAddress>
  /** Persistent `fetch` with this client's key, for the service's plain routes; the answer is there whole. */
  get(path: string, init?: RequestInit): Promise<Response>
  /** Persistent `fetch` without the key. */
  fetch: typeof fetch
  /** The same for the parts of an upload: 8 MiB, four at a time, over a line that may be slow. */
  send: typeof fetch
}

/** The generated API over tRPC, and what uploads and downloads need. Finds the service at the first call. */
export function connect(options: ClientOptions): Connection {
  const plain = options.fetch ?? globalThis.fetch
  const retries = options.retries ?? 4
  const persistence = { fetch: plain, retries, timeoutMs: options.timeoutMs ?? 60_000 }
  const [persistent, whole] = [persistentFetch(persistence), persistentFetch({ ...persistence, whole: true })]
  let found: Promise<ServiceAddress> | undefined
  const address = () =>
    (found ??= findService(options).catch((error: unknown) => {
      found = undefined
      throw error
    }))
  let client: Promise<TRPCUntypedClient<AnyRouter>> | undefined
  const open = () => (client ??= address().then((where) => makeClient(where, { stream: persistent, whole })))

  const call = async (name: ProcedureName, input: unknown, callOptions: CallOptions = {}): Promise<unknown> => {
    const { kind } = procedures[name]
    // Every change carries a key, so that sending it again after a broken connection changes nothing twice.
    const context =
      kind === 'mutation' ? { idempotencyKey: callOptions.idempotencyKey ?? globalThis.crypto.randomUUID() } : {}
    const where = await address()
    const trpc = await open().catch((error: unknown) => {
      client = undefined
      throw error
    })
    const explain = (error: unknown): never => {
      callOptions.signal?.throwIfAborted()
      throw understand(error, where.url)
    }
    const answer = await trpc[kind](name, input ?? {}, { signal: callOptions.signal, context }).catch(explain)
    return isStream(name) ? explained(answer as AsyncIterable<unknown>, explain) : answer
  }
  return {
    api: buildApi(call),
    address,
    fetch: persistent,
    send: persistentFetch({ fetch: plain, retries, timeoutMs: 15 * 60_000 }),
    async get(path, init) {
      const { url, apiKey } = await address()
      const answer = await whole(`${url}${path}`, {
        ...init,
        headers: { ...init?.headers, authorization: `Bearer ${apiKey}` },
      }).catch((error: unknown) => {
        throw unreachable(error, url)
      })
      if (answer.ok) return answer
      throw errorOfAnswer(fieldsOf(await foreignFields(answer, url), answer.status))
    },
  }
}

function makeClient(
  { url, apiKey }: ServiceAddress,
  fetches: { stream: typeof fetch; whole: typeof fetch },
): TRPCUntypedClient<AnyRouter> {
  const common = { url: `${url}/trpc` }
  const headers = { authorization: `Bearer ${apiKey}` }
  return createTRPCUntypedClient<AnyRouter>({
    links: [
      splitLink({
        // Streams come line by line; all else is one request, one answer, so that each carries its own idempotency key.
        condition: (operation) => isStream(operation.path),
        true: httpBatchStreamLink({ ...common, fetch: refusePages(fetches.stream) as never, headers, maxItems: 1 }),
        false: httpLink({
          ...common,
          fetch: refusePages(fetches.whole) as never,
          headers: ({ op }) => ({
            ...headers,
            ...(op.context.idempotencyKey ? { 'idempotency-key': String(op.context.idempotencyKey) } : {}),
          }),
        }),
      }),
    ],
  })
}

/** tRPC would try to read a proxy's page as JSON, and tell of that. */
const refusePages =
  (plain: typeof fetch): typeof fetch =>
  async (input, init) => {
    const answer = await plain(input, init)
    const contentType = answer.headers.get('content-type')
    const page = answer.ok
      ? null
      : proxyFields(
          { status: answer.status, contentType, text: '' },
          input instanceof Request ? input.url : String(input),
        )
    if (page) throw errorOfAnswer(fieldsOf(page, page.status))
    return answer
  }

const isStream = (name: string): boolean =>
  (procedures[name as ProcedureName] as { stream?: boolean } | undefined)?.stream === true

/** A stream whose error, where it breaks off, is one of ours too. */
async function* explained(stream: AsyncIterable<unknown>, explain: (error: unknown) => never): AsyncGenerator<unknown> {
  try {
    yield* stream
  } catch (error) {
    explain(error)
  }
}

/** Whatever tRPC threw, as one of our errors. */
function understand(error: unknown, url: string): Error {
  if (!(error instanceof TRPCClientError)) return unreachable(error, url)
  const data = error.data as { imclr?: ErrorFields; httpStatus?: number } | undefined
  if (!data) return error.cause instanceof ImclrError ? error.cause : unreachable(error, url)
  return errorOfAnswer(fieldsOf(data.imclr ?? { message: error.message }, data.httpStatus ?? 500), { cause: error })
}

const unreachable = (error: unknown, url: string): ConnectionError => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return new ConnectionError(
    {
      ...localError(
        'UNREACHABLE',
        `The service did not answer at ${originOf(url)}: ${cause instanceof Error ? cause.message : String(cause)}.`,
        'Check that it runs and that the URL is right.',
      ),
      retryable: true,
    },
    { cause: error },
  )
}

/** What an answer that refuses says of it: the service in JSON, a proxy in front of it in a page. */
async function foreignFields(answer: Response, address: string): Promise<Partial<ErrorFields>> {
  const text = await answer.text().catch(() => '')
  try {
    return JSON.parse(text) as Partial<ErrorFields>
  } catch {
    return proxyFields({ status: answer.status, contentType: answer.headers.get('content-type'), text }, address) ?? {}
  }
}

/** Of an answer that may not be the service's own (a proxy's, a store's). */
export function fieldsOf(answer: Partial<ErrorFields>, status: number): ErrorFields {
  return {
    code: answer.code ?? 'INTERNAL',
    message: answer.message ?? `The service answered with status ${status}.`,
    hint: answer.hint ?? '',
    status: answer.status ?? status,
    retryable: answer.retryable ?? (status === 429 || status >= 500),
    requestId: answer.requestId ?? null,
    issues: answer.issues ?? [],
  }
}
