import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { batchSize, bodyBytes, type ApiConfig } from './config.js'
import { errorHandlers, logFault, sendError } from './http/errors.js'
import { healthRoutes } from './http/healthRoutes.js'
import { metricsRoute } from './http/metrics.js'
import { evaluationRoutes } from './http/evaluationRoutes.js'
import { modelRoutes } from './http/modelRoutes.js'
import { objectRoutes } from './http/objectRoutes.js'
import { listenToJobs } from './job/jobSignals.js'
import type { ApiParts, ServerParts } from './parts.js'
import { createContext } from './request/context.js'
import { failureOf, onWire } from './request/failureOnWire.js'
import { rateLimits } from './request/rateLimits.js'
import { appRouter, type AppRouter } from './router.js'

/** What answers at work get at a shutdown. */
const closeGraceMs = 5_000

/**
 * The HTTP service over parts that are open already; it closes none of them. Not listening yet: `await app.listen(...)`.
 * `app.close()` ends event streams (their readers come back elsewhere) and waits for requests at work, a few seconds at most.
 */
export async function createApi(opened: ApiParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: opened.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }), // addresses may hold tokens
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    bodyLimit: bodyBytes,
    trustProxy: trustedProxies(opened.config.trustProxy),
    routerOptions: { maxParamLength: 5000 }, // the procedures of a batch
    requestTimeout: 15 * 60_000, // a part of an upload over a slow line
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply), // an address that cannot be decoded
  })
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
  })
  await app.register(rateLimit, { global: false })
  const signals = await listenToJobs(opened.database)
  const parts: ServerParts = { ...opened, signals, limits: rateLimits(app, opened.config) }

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // Streams of events among them, which a proxy must pass on as they come (nginx reads this).
    if (request.url.startsWith('/trpc/')) reply.header('x-accel-buffering', 'no')
  })
  app.addHook('preClose', async () => {
    // A stream that ends now leaves an open connection, which nobody else would close.
    app.server.keepAliveTimeout = 1
    // Nor does a reader that takes an answer at its own pace, or not at all, keep us from ending: it can ask again elsewhere.
    setTimeout(() => app.server.closeAllConnections(), closeGraceMs).unref()
    await signals.close()
  })
  errorHandlers(app, parts)
  healthRoutes(app, parts)
  metricsRoute(app, parts)
  await app.register(async (files) => {
    // Pages of any origin may load a model, or send the parts of an upload: the address or the key is the permission.
    await files.register(cors, {
      origin: '*',
      methods: ['GET', 'HEAD', 'PUT'],
      exposedHeaders: ['etag', 'content-length', 'content-range', 'accept-ranges', 'x-request-id'],
      maxAge: 86_400,
    })
    modelRoutes(files, parts)
    evaluationRoutes(files, parts)
    await files.register(async (scope) => objectRoutes(scope, parts))
  })
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext: ({ req, res }) => createContext(parts, req, res),
      maxBatchSize: batchSize,
      maxBodySize: bodyBytes,
      // Of a single call; a batch has a status per call inside.
      responseMeta: ({ errors, eagerGeneration, data }) => {
        const [error] = errors
        return error === undefined || eagerGeneration || data.length > 1
          ? {}
          : { status: onWire(failureOf(error), '').status }
      },
      onError: ({ error, path, req }) => logFault(parts, { error, requestId: req.id, path }),
    },
  } satisfies FastifyTRPCPluginOptions<AppRouter>)
  return app
}

/** In the framework's terms, which count proxies from the nearest one. */
const trustedProxies = (trusted: ApiConfig['trustProxy']) =>
  typeof trusted === 'number' ? (_address: string, hop: number) => hop < trusted : trusted

/** What a client calls its request, where that is fit for a log; else a name of our own. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{8,100}$/.test(header) ? header : randomUUID()
}
