import { failures, type WireError } from '@imclr/contract'
import type { TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerDependencies } from '../dependencies.js'
import { failureOf, isMasked, onWire } from '../request/failureOnWire.js'

/** Answers errors of plain routes, and those before tRPC has the request, in one form. Logs our own faults, once. */
export function errorHandlers(app: FastifyInstance, dependencies: ServerDependencies): void {
  app.setErrorHandler(async (error, request, reply) => {
    logFault(dependencies, { error, requestId: request.id, path: request.routeOptions.url })
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

/**
 * Logs our own faults: the failure and what caused it, which the serializer of `err` adds. The answer says what a
 * caller did wrong, and the log does not.
 */
export function logFault(
  { log }: Pick<ServerDependencies, 'log'>,
  { error, requestId, path }: { error: unknown; requestId: string; path: string | undefined },
): void {
  const failure = failureOf(error)
  if (isMasked(failure)) log.error({ err: failure, requestId, path }, 'request failed')
  else if (failures[failure.code].http >= 500) log.warn({ err: failure, requestId, path }, 'request failed')
}

/** Where fastify itself refuses a request, its status is more precise than our table (405, 415). */
function ownStatus(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

/** A tRPC client expects tRPC's envelope, also where the request failed before it reached tRPC. */
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
