import {
  createTRPCUntypedClient,
  httpBatchStreamLink,
  httpLink,
  splitLink,
  TRPCClientError,
  type TRPCUntypedClient,
} from '@trpc/client'
import type { AnyRouter } from '@trpc/server'
import {
  AuthenticationError,
  ConnectionError,
  errorForStatus,
  ImclrError,
  type ErrorFields,
  localError,
} from '../errors.js'
import { buildApi, procedures, type Api, type CallOptions, type ProcedureName } from '../generated/api.js'
import { findService, type ServiceAddress } from './findService.js'
import { fetchWithRetry } from './fetchWithRetry.js'
import { originOf, proxyFields } from './proxy.js'

export interface ClientOptions extends Partial<ServiceAddress> {
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch
  /**
   * Time limit for one try of a request, and then for each piece of its answer. A part of an upload always has 15
   * minutes.
   * @default 60000
   */
  timeoutMs?: number
  /** How often a request is tried again, if that is safe. @default 4 */
  retries?: number
}

export interface Connection {
  api: Api
  address(): Promise<ServiceAddress>
  /** Fetches a plain route of the service with this client's key, with retries, and reads the whole answer. */
  get(path: string, init?: RequestInit): Promise<Response>
  /** `fetch` with retries, without the key. */
  fetch: typeof fetch
  /** The same with a longer limit, for the parts of an upload: 8 MiB, four at a time, over a line that may be slow. */
  send: typeof fetch
}

/**
 * Connects the generated API over tRPC, and the plain routes that uploads and downloads need. Finds the service at the
 * first call.
 */
export function connect(options: ClientOptions): Connection {
  const baseFetch = options.fetch ?? globalThis.fetch
  const retries = options.retries ?? 4
  const retrying = { fetch: baseFetch, retries, timeoutMs: options.timeoutMs ?? 60_000 }
  const [streaming, buffered] = [fetchWithRetry(retrying), fetchWithRetry({ ...retrying, readBody: true })]
  let found: Promise<ServiceAddress> | undefined
  const address = () =>
    (found ??= findService(options)
      .then(checkAddress)
      .catch((error: unknown) => {
        found = undefined
        throw error
      }))
  let client: Promise<TRPCUntypedClient<AnyRouter>> | undefined
  const open = () => (client ??= address().then((where) => makeClient(where, { streaming, buffered })))

  const call = async (name: ProcedureName, input: unknown, callOptions: CallOptions = {}): Promise<unknown> => {
    const { kind } = procedures[name]
    // Every mutation carries a key: sending it again after a broken connection changes nothing twice.
    const context =
      kind === 'mutation' ? { idempotencyKey: callOptions.idempotencyKey ?? globalThis.crypto.randomUUID() } : {}
    const where = await address()
    const trpc = await open().catch((error: unknown) => {
      client = undefined
      throw error
    })
    const explain = (error: unknown): never => {
      callOptions.signal?.throwIfAborted()
      throw toSdkError(error, where.url)
    }
    const answer = await trpc[kind](name, input ?? {}, { signal: callOptions.signal, context }).catch(explain)
    return isStream(name) ? rethrow(answer as AsyncIterable<unknown>, explain) : answer
  }
  return {
    api: buildApi(call),
    address,
    fetch: streaming,
    send: fetchWithRetry({ fetch: baseFetch, retries, timeoutMs: 15 * 60_000 }),
    async get(path, init) {
      const { url, apiKey } = await address()
      const answer = await buffered(`${url}${path}`, {
        ...init,
        headers: { ...init?.headers, authorization: `Bearer ${apiKey}` },
      }).catch((error: unknown) => {
        throw unreachable(error, url)
      })
      if (answer.ok) return answer
      throw errorForStatus(toErrorFields(await readErrorFields(answer, url), answer.status))
    },
  }
}

/**
 * Returns the address without spaces around its key. Throws for one that no request can be sent with; the error never
 * holds the key.
 */
function checkAddress({ url, apiKey: given, ...rest }: ServiceAddress): ServiceAddress {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConnectionError(
      localError('BAD_URL', `${url} is no address of a service.`, 'It begins with http:// or https://.'),
    )
  const apiKey = given.trim()
  if (!/^[\x21-\x7e]+$/.test(apiKey))
    throw new AuthenticationError(
      localError(
        'BAD_API_KEY',
        'The API key is empty or has a character that no key has, such as a space or a line break.',
        'Copy it again: a key is one word of letters, digits and underscores.',
      ),
    )
  return { ...rest, url, apiKey }
}

function makeClient(
  { url, apiKey }: ServiceAddress,
  fetches: { streaming: typeof fetch; buffered: typeof fetch },
): TRPCUntypedClient<AnyRouter> {
  const common = { url: `${url}/trpc` }
  const headers = { authorization: `Bearer ${apiKey}` }
  return createTRPCUntypedClient<AnyRouter>({
    links: [
      splitLink({
        // Streams come line by line. Everything else is one request and one answer, so that each carries its own
        // idempotency key.
        condition: (operation) => isStream(operation.path),
        true: httpBatchStreamLink({
          ...common,
          fetch: rejectProxyPages(fetches.streaming) as never,
          headers,
          maxItems: 1,
        }),
        false: httpLink({
          ...common,
          fetch: rejectProxyPages(fetches.buffered) as never,
          headers: ({ op }) => ({
            ...headers,
            ...(op.context.idempotencyKey ? { 'idempotency-key': String(op.context.idempotencyKey) } : {}),
          }),
        }),
      }),
    ],
  })
}

/** Throws for a proxy's HTML page; tRPC would read it as JSON and report a syntax error. */
const rejectProxyPages =
  (baseFetch: typeof fetch): typeof fetch =>
  async (input, init) => {
    const answer = await baseFetch(input, init)
    const contentType = answer.headers.get('content-type')
    const page = answer.ok
      ? null
      : proxyFields(
          { status: answer.status, contentType, text: '' },
          input instanceof Request ? input.url : String(input),
        )
    if (page) throw errorForStatus(toErrorFields(page, page.status))
    return answer
  }

const isStream = (name: string): boolean =>
  (procedures[name as ProcedureName] as { stream?: boolean } | undefined)?.stream === true

/** The same stream, with its errors turned into errors of the SDK. */
async function* rethrow(stream: AsyncIterable<unknown>, explain: (error: unknown) => never): AsyncGenerator<unknown> {
  try {
    yield* stream
  } catch (error) {
    explain(error)
  }
}

/** Turns whatever tRPC threw into an error of the SDK. */
function toSdkError(error: unknown, url: string): Error {
  if (!(error instanceof TRPCClientError)) return unreachable(error, url)
  const data = error.data as { imclr?: ErrorFields; httpStatus?: number } | undefined
  if (!data) return error.cause instanceof ImclrError ? error.cause : unreachable(error, url)
  return errorForStatus(toErrorFields(data.imclr ?? { message: error.message }, data.httpStatus ?? 500), {
    cause: error,
  })
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

/** Reads the error in an answer: JSON from the service, an HTML page from a proxy in front of it. */
async function readErrorFields(answer: Response, address: string): Promise<Partial<ErrorFields>> {
  const text = await answer.text().catch(() => '')
  try {
    return JSON.parse(text) as Partial<ErrorFields>
  } catch {
    return proxyFields({ status: answer.status, contentType: answer.headers.get('content-type'), text }, address) ?? {}
  }
}

/** Fills in what an answer leaves out; it may come from a proxy or a store and not from the service. */
export function toErrorFields(answer: Partial<ErrorFields>, status: number): ErrorFields {
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
