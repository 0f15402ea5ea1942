import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from '@imclr/contract'
import type { FastifyInstance } from 'fastify'
import type { ServerDependencies } from '../dependencies.js'

const answerWithinMs = 5_000

/**
 * `/healthz` answers while this process lives. `/readyz` checks that what it needs answers, and otherwise says with 503
 * what does not.
 */
export function healthRoutes(app: FastifyInstance, { database, store, queue, log }: ServerDependencies): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (request, reply) => {
    const needed = { database, store, queue }
    const checks = Object.fromEntries(
      await Promise.all(Object.entries(needed).map(async ([name, one]) => [name, await check(one)] as const)),
    )
    const broken = Object.entries(checks).filter(([, failure]) => failure !== null)
    for (const [name, failure] of broken) log.warn({ err: failure, part: name, requestId: request.id }, 'not ready')
    return reply
      .code(broken.length === 0 ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: broken.length === 0 ? 'ready' : 'not ready',
        parts: Object.fromEntries(Object.entries(checks).map(([name, failure]) => [name, failure?.code ?? 'ok'])),
      })
  })
}

/** Gives null where it answers in time. */
async function check(needed: { check(): Promise<void> }): Promise<Failure | null> {
  const late = new AbortController()
  try {
    const timeout = delay(answerWithinMs, undefined, { signal: late.signal }).then(() => {
      throw new Failure('UNAVAILABLE', `no answer within ${answerWithinMs / 1000} s`)
    })
    await Promise.race([needed.check(), timeout])
    return null
  } catch (error) {
    return error instanceof Failure
      ? error
      : new Failure('UNAVAILABLE', error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    late.abort()
  }
}
