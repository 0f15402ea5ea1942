import { countJobs, countUploads } from '@imclr/database'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ServerDependencies } from '../dependencies.js'

/** `/metrics`, in Prometheus' text form. One registry per server. */
export function metricsRoute(app: FastifyInstance, { database, signals }: ServerDependencies): void {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const duration = new Histogram({
    name: 'imclr_http_request_duration_seconds',
    help: 'Time until a response was sent',
    labelNames: ['method', 'route', 'status'],
    registers,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  })
  // The path of a procedure is its route. All other paths below /trpc are one route, or clients could create any number
  // of them.
  app.addHook('onResponse', async (request, reply) => {
    const path = (request.params as { path?: string } | undefined)?.path
    const route =
      request.routeOptions.url === '/trpc/:path' &&
      path !== undefined &&
      reply.statusCode !== 404 &&
      /^[a-zA-Z.]{1,60}$/.test(path)
        ? `/trpc/${path}`
        : (request.routeOptions.url ?? 'unknown')
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })

  new Gauge({
    name: 'imclr_jobs',
    help: 'Jobs by kind and state',
    labelNames: ['kind', 'state'],
    registers,
    async collect() {
      this.reset()
      for (const { kind, state, count } of await countJobs(database.queries)) this.set({ kind, state }, count)
    },
  })
  new Gauge({
    name: 'imclr_uploads',
    help: 'Uploads by state',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset()
      for (const { state, count } of await countUploads(database.queries)) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'imclr_event_streams',
    help: 'Readers that follow the events of a job',
    registers,
    collect() {
      this.set(signals.count())
    },
  })

  app.get('/metrics', async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics()),
  )
}
