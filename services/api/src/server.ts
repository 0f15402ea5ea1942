import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { batchSize, bodyBytes, type ApiConfig } from './config.js'
import type { ApiDependencies, ServerDependencies } from './dependencies.js'
import { errorHandlers, logFault, sendError } from './http/errors.js'
import { fileRoutes } from './http/fileRoutes.js'
import { healthRoutes } from './http/healthRoutes.js'
import { metricsRoute } from './http/metrics.js'
import { objectRoutes } from './http/objectRoutes.js'
import { listenToJobs } from './job/jobSignals.js'
import { createContext } from './request/context.js'
import { failureOf, onWire } from './request/failureOnWire.js'
import { rateLimits } from './request/rateLimits.js'
import { appRouter, type AppRouter } from './router.js'

/** How long requests may still take once the server closes. */
const closeGraceMs = 5_000

/**
 * Makes the HTTP server. It listens after `await app.listen(...)`. `app.close()` ends event streams, whose readers
 * connect again elsewhere, and waits a few seconds at most for other requests. It does not close the dependencies.
 */
export async function createApi(opened: ApiDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: opened.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }), // URLs may hold tokens
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    bodyLimit: bodyBytes,
    trustProxy: trustedProxies(opened.config.trustProxy),
    routerOptions: { maxParamLength: 5000 }, // a batch names all its procedures in the path
    requestTimeout: 15 * 60_000, // enough for a part of an upload over a slow line
    forceCloseConnections: 'idle',
    // Such as a URL that cannot be decoded
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  })
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
  })
  await app.register(rateLimit, { global: false })
  const signals = await listenToJobs(opened.database)
  const dependencies: ServerDependencies = { ...opened, signals, limits: rateLimits(app, opened.config) }

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // A proxy must pass streams of events on without buffering; nginx reads this header.
    if (request.url.startsWith('/trpc/')) reply.header('x-accel-buffering', 'no')
  })
  app.addHook('preClose', async () => {
    // The connection of a stream that ends now would stay open.
    app.server.keepAliveTimeout = 1
    // A client that reads its answer slowly, or not at all, must not delay the shutdown: it can ask again elsewhere.
    setTimeout(() => app.server.closeAllConnections(), closeGraceMs).unref()
    await signals.close()
  })
  errorHandlers(app, dependencies)
  healthRoutes(app, dependencies)
  metricsRoute(app, dependencies)
  await app.register(async (files) => {
    // Pages of any origin may load a model or send the parts of an upload: the URL or the key is the permission.
    await files.register(cors, {
      origin: '*',
      methods: ['GET', 'HEAD', 'PUT'],
      exposedHeaders: ['etag', 'content-length', 'content-range', 'accept-ranges', 'x-request-id'],
      maxAge: 86_400,
    })
    fileRoutes(files, dependencies)
    await files.register(async (scope) => objectRoutes(scope, dependencies))
  })
  await app.register(fastifyTRPCPlugin, {
    prefix: '/trpc',
    trpcOptions: {
      router: appRouter,
      createContext: ({ req, res }) => createContext(dependencies, req, res),
      maxBatchSize: batchSize,
      maxBodySize: bodyBytes,
      // The status of a single call. The body of a batch has one for each call.
      responseMeta: ({ errors, eagerGeneration, data }) => {
        const [error] = errors
        return error === undefined || eagerGeneration || data.length > 1
          ? {}
          : { status: onWire(failureOf(error), '').status }
      },
      onError: ({ error, path, req }) => logFault(dependencies, { error, requestId: req.id, path }),
    },
  } satisfies FastifyTRPCPluginOptions<AppRouter>)
  return app
}

/** `trustProxy` for fastify, which counts proxies from the nearest one. */
const trustedProxies = (trusted: ApiConfig['trustProxy']) =>
  typeof trusted === 'number' ? (_address: string, hop: number) => hop < trusted : trusted

/** The id that the client sent, where it is fit for a log, or a new one. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{8,100}$/.test(header) ? header : randomUUID()
}
