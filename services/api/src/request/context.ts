import { Failure, idempotencyKey } from '@imclr/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerDependencies } from '../dependencies.js'
import { authenticate, type Caller } from './authenticate.js'

/** What a procedure knows of its HTTP request. Several calls may share one request. */
export interface Context extends ServerDependencies {
  requestId: string
  /** How the client reaches this service, without a slash at the end: every address in an answer begins with it. */
  baseUrl: string
  /** Looks the caller up, once per request. */
  authenticate: () => Promise<Caller>
  /** The header `idempotency-key`, or null. Throws Failure BAD_INPUT where it is not valid. */
  idempotencyKey: () => string | null
}

/** What the function behind a procedure gets: the context, once the caller is known and has the scope. */
export interface Call extends Context {
  caller: Caller
  /** The procedure, such as `job.submit`. */
  path: string
}

export function createContext(dependencies: ServerDependencies, request: FastifyRequest, reply: FastifyReply): Context {
  let caller: Promise<Caller> | undefined
  return {
    ...dependencies,
    requestId: request.id,
    baseUrl: dependencies.config.publicUrl ?? originOf(request),
    authenticate: () => (caller ??= authenticate(dependencies, request, reply)),
    idempotencyKey: () => {
      const header = request.headers['idempotency-key']
      if (header === undefined) return null
      const key = idempotencyKey.safeParse(header)
      if (!key.success)
        throw new Failure('BAD_INPUT', 'The header idempotency-key must have 8 to 200 visible ASCII characters')
      return key.data
    },
  }
}

/**
 * Completes an address for an answer: a path gets the beginning by which the client reaches this service, and a whole
 * URL (of an S3 store) stays as it is.
 */
export const addressOf = ({ baseUrl }: Pick<Context, 'baseUrl'>, url: string): string =>
  url.startsWith('/') ? `${baseUrl}${url}` : url

/**
 * How the client reached the service: by scheme and host of the request, or as a trusted proxy says (X-Forwarded-Proto
 * and -Host). Where a request has no usable Host, by the address of the socket that received it.
 */
function originOf({ protocol, host, socket }: Pick<FastifyRequest, 'protocol' | 'host' | 'socket'>): string {
  const scheme = protocol === 'https' ? 'https' : 'http'
  const origin = `${scheme}://${host}`
  const isUsable =
    host !== '' &&
    URL.canParse(origin) &&
    new URL(origin).host === host.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '')
  if (isUsable) return origin
  const { localAddress = '127.0.0.1', localPort = 80 } = socket
  return `${scheme}://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}
