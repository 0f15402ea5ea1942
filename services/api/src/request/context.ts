import { Failure, idempotencyKey } from '@imclr/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerParts } from '../parts.js'
import { originOf } from './addressOf.js'
import { authenticate, type Caller } from './authenticate.js'

/** What a procedure knows of the HTTP request that carries it; several procedures may share one. */
export interface Context extends ServerParts {
  requestId: string
  /** How the client reaches this service, without a slash at its end: the beginning of every address that it is given. */
  baseUrl: string
  /** Looked up once per request. */
  authenticate: () => Promise<Caller>
  /** The header `idempotency-key`; throws Failure BAD_INPUT where it has no valid form. */
  idempotencyKey: () => string | null
}

/** What a verb is given: the context, once the caller is known and allowed. */
export interface Call extends Context {
  caller: Caller
  /** `job.submit` */
  path: string
}

export function createContext(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Context {
  let caller: Promise<Caller> | undefined
  return {
    ...parts,
    requestId: request.id,
    baseUrl: parts.config.publicUrl ?? originOf(request),
    authenticate: () => (caller ??= authenticate(parts, request, reply)),
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
