import type { Readable } from 'node:stream'
import { Failure } from '@imclr/contract'
import type { FastifyInstance } from 'fastify'
import type { ServerDependencies } from '../dependencies.js'
import { sendObject } from './sendObject.js'

/**
 * Serves the signed URLs of a folder store: receives parts of uploads and sends objects, both as streams. (S3 has a
 * server of its own.) `app` must serve nothing else, because these routes parse no bodies.
 */
export function objectRoutes(app: FastifyInstance, { store }: ServerDependencies): void {
  const routes = store.signedRoutes
  if (routes === null) return
  // The body stays a stream, whatever its content type.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.put('/v1/objects/part', async (request, reply) => {
    if (request.body === undefined) throw new Failure('CHECKSUM_MISMATCH', 'The request has no body')
    const body = request.body as Readable
    try {
      const { etag } = await routes.receivePart(request.url, body)
      return reply.header('etag', `"${etag}"`).send()
    } catch (error) {
      // A client sends the rest of its body before it reads the answer. Unread, it would block the next request on this
      // connection.
      body.resume()
      throw error
    }
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/objects/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { key, fileName } = routes.verifyGet(request.url)
      const head = await store.head(key)
      if (head === null) throw new Failure('NOT_FOUND', 'The object of this URL has been deleted')
      if (fileName !== null)
        reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`)
      // Users uploaded some of these bytes: a browser may show them, but must not run them.
      reply.headers({
        'cache-control': 'private, no-cache',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
      })
      return sendObject(request, reply, { store, key, ...head })
    },
  })
}
