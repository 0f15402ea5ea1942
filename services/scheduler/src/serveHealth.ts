import { createServer, type Server } from 'node:http'
import type { Logger } from 'pino'
import type { RunningScheduler } from './startScheduler.js'

/** `/healthz`: the process answers. `/readyz`: so do database, store and queue. `/metrics`: for Prometheus. */
export async function serveHealth(
  scheduler: RunningScheduler,
  { host, port, log }: { host: string; port: number; log: Logger },
): Promise<Server> {
  const {
    metrics: { registry },
  } = scheduler
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body)
    }
    const path = request.url?.split('?')[0]
    if (path === '/healthz') answer(200, 'text/plain', 'ok\n')
    else if (path === '/readyz')
      scheduler.check().then(
        () => answer(200, 'text/plain', 'ok\n'),
        (error: Error) => answer(503, 'text/plain', `${error.message}\n`),
      )
    else if (path === '/metrics')
      registry.metrics().then(
        (text) => answer(200, registry.contentType, text),
        (err: unknown) => {
          log.error({ err }, 'metrics could not be read')
          answer(500, 'text/plain', 'metrics could not be read\n')
        },
      )
    else answer(404, 'text/plain', 'only /healthz, /readyz and /metrics are here\n')
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return server
}
