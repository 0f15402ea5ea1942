import { Failure } from '@imclr/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiConfig } from '../config.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose requests these are counted as: the API key's id, else the address. */
    countedAs?: string
  }
}

export interface Limits {
  /** Counts one request. Throws Failure RATE_LIMITED, and tells the reply when to come back. */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Counts a key that was refused: fewer of these are allowed. */
  countAuthFailure(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** Counts per process: several APIs behind one balancer allow as many times as much. */
export function rateLimits(app: FastifyInstance, config: ApiConfig): Limits {
  const timeWindow = 60_000
  const requests = app.createRateLimit({
    max: config.requestsPerMinute,
    timeWindow,
    keyGenerator: (request) => request.countedAs ?? request.ip,
  })
  const guesses = app.createRateLimit({
    max: config.authFailuresPerMinute,
    timeWindow,
    keyGenerator: (request) => request.ip,
  })

  const refuse = (limit: Awaited<ReturnType<typeof requests>>, reply: FastifyReply, what: string): void => {
    if (limit.isAllowed || !limit.isExceeded) return
    reply.header('retry-after', String(limit.ttlInSeconds))
    throw new Failure(
      'RATE_LIMITED',
      `More than ${limit.max} ${what} in a minute; come back in ${limit.ttlInSeconds} s`,
    )
  }
  return {
    count: async (request, reply) => refuse(await requests(request), reply, 'requests'),
    countAuthFailure: async (request, reply) => refuse(await guesses(request), reply, 'refused API keys'),
  }
}
