import { Failure } from '@imclr/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiConfig } from '../config.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the rate limit counts the request under: the id of the API key. Without a key it counts by address. */
    countedAs?: string
  }
}

export interface Limits {
  /** Counts one request. Above the limit, throws Failure RATE_LIMITED and sets the header `retry-after`. */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Counts a request whose key was refused. The limit for these is lower. */
  countAuthFailure(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** Counts per process: three processes behind a load balancer allow three times as much. */
export function rateLimits(app: FastifyInstance, config: ApiConfig): Limits {
  const timeWindow = 60_000
  const requests = app.createRateLimit({
    max: config.requestsPerMinute,
    timeWindow,
    keyGenerator: (request) => request.countedAs ?? request.ip,
  })
  const failures = app.createRateLimit({
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
    countAuthFailure: async (request, reply) => refuse(await failures(request), reply, 'refused API keys'),
  }
}
