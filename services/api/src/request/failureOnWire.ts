import { Failure, failures, type FailureCode, type WireError } from '@imclr/contract'
import { isConnectionError, isDiskFull } from '@imclr/database'
import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { issuesOfZod } from './issuesOfZod.js'

/** The codes with which tRPC itself refuses a request, before it reaches a procedure. */
const ofTrpc: Record<string, FailureCode> = {
  PARSE_ERROR: 'BAD_INPUT',
  BAD_REQUEST: 'BAD_INPUT',
  METHOD_NOT_SUPPORTED: 'BAD_INPUT',
  UNSUPPORTED_MEDIA_TYPE: 'BAD_INPUT',
  NOT_FOUND: 'NOT_FOUND',
  PAYLOAD_TOO_LARGE: 'LIMIT_REACHED',
  CLIENT_CLOSED_REQUEST: 'CANCELED',
}

/**
 * Turns whatever was thrown into one of our failures. An unknown error becomes INTERNAL, with the error as its cause.
 * @param database where the disk of the database is, for the message that it is full
 */
export function failureOf(error: unknown, database = 'its own machine'): Failure {
  if (error instanceof Failure) return error
  if (error instanceof TRPCError) {
    if (error.cause instanceof Failure) return error.cause
    const code = ofTrpc[error.code]
    if (code === 'BAD_INPUT' && error.cause instanceof z.core.$ZodError) {
      const issues = issuesOfZod(error.cause)
      return new Failure(
        'BAD_INPUT',
        `The input is not valid: ${issues
          .slice(0, 3)
          .map(({ path, message }) => `${path}: ${message}`)
          .join('; ')}`,
        { issues },
      )
    }
    if (code !== undefined) return new Failure(code, error.message)
    return unexpected(error.cause ?? error, database)
  }
  return statusFailure(error) ?? unexpected(error, database)
}

/** An unreachable database is temporary; all else is our fault. Callers see the message of neither error. */
function unexpected(error: unknown, database: string): Failure {
  if (isDiskFull(error))
    return new Failure('DISK_FULL', `There is no space left for the database, ${database}`, { cause: error })
  if (isConnectionError(error)) return new Failure('UNAVAILABLE', 'The database does not answer', { cause: error })
  return new Failure('INTERNAL', error instanceof Error ? 'an unexpected error' : String(error), { cause: error })
}

/** Requests that fastify itself refuses (a body that is too large, invalid JSON, ...) have a status below 500. */
function statusFailure(error: unknown): Failure | undefined {
  if (
    !(error instanceof Error) ||
    !('statusCode' in error) ||
    typeof error.statusCode !== 'number' ||
    error.statusCode >= 500
  )
    return undefined
  if (error.statusCode === 413) return new Failure('LIMIT_REACHED', error.message)
  return new Failure(error.statusCode === 404 ? 'NOT_FOUND' : 'BAD_INPUT', error.message)
}

/** A failure as it is sent. The details of our own faults are in the log under the request id, and nowhere else. */
export function onWire(failure: Failure, requestId: string): WireError {
  const { code, message, hint, retryable, issues } = failure.record
  const shown = isMasked(failure) ? 'Something went wrong on our side' : message
  return {
    code,
    message: shown,
    hint,
    retryable,
    status: failures[code].http,
    requestId,
    issues: isMasked(failure) ? [] : issues,
  }
}

export const isMasked = (failure: Failure): boolean => failure.code === 'INTERNAL'
