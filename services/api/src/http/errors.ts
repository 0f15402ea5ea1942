import { failures, type WireError } from '@imclr/contract'
import { type TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { failureOf, isMasked, onWire } from '../request/failureOnWire.js'
import type { ServerParts } from '../parts.js'

/** Everything that goes wrong on a plain route, or before tRPC has a request, leaves in one form; our own faults are logged here, once. */
export function errorHandlers(app: FastifyInstance, parts: ServerParts): void {
  app.setErrorHandler(async (error, request, reply) => {
    logFault(parts, { error, requestId: request.id, path: request.routeOptions.url })
    return sendError(error, request, reply)
  })
  app.setNotFoundHandler(async (request, reply) => {
    const { hint, http } = failures.NOT_FOUND
    const wire: WireError = {
      code: 'NOT_FOUND',
      message: `There is nothing at ${request.method} ${request.url.split('?')[0]}`,
      hint,
      retryable: false,
      status: http,
      requestId: request.id,
      issues: [],
    }
    return reply.code(http).send(bodyFor(request, wire))
  })
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const wire = onWire(failureOf(error), request.id)
  const status = ownStatus(error) ?? wire.status
  return reply
    .code(status)
    .type('application/json')
    .header('cache-control', 'no-store')
    .send(bodyFor(request, { ...wire, status }))
}

/** Logs what is our fault; what a caller did wrong, the caller is told. */
export function logFault(
  { log }: Pick<ServerParts, 'log'>,
  { error, requestId, path }: { error: unknown; requestId: string; path: string | undefined },
): void {
  const failure = failureOf(error)
  if (isMasked(failure)) log.error({ err: failure.cause ?? failure, requestId, path }, 'request failed')
  else if (failures[failure.code].http >= 500) log.warn({ err: failure, requestId, path }, 'request failed')
}

/** fastify's own refusals have statuses finer than our table (405, 415). */
function ownStatus(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

/** A client of tRPC expects tRPC's envelope, also where the request did not get that far. */
function bodyFor(request: FastifyRequest, wire: WireError): unknown {
  if (!request.url.startsWith('/trpc/')) return wire
  const code: TRPCError['code'] = failures[wire.code as keyof typeof failures].trpc
  return {
    error: {
      message: wire.message,
      code: TRPC_ERROR_CODES_BY_KEY[code],
      data: { code, httpStatus: wire.status, imclr: wire },
    },
  }
}
