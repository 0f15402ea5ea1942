import type { Readable } from 'node:stream'
import { Failure } from '@imclr/contract'
import type { FastifyInstance } from 'fastify'
import type { ServerParts } from '../parts.js'
import { sendObject } from './sendObject.js'

/**
 * Where the signed URLs of a folder store lead (S3 has a server of its own): parts come in, objects go out, both as
 * streams. The app given is theirs alone: it parses no bodies.
 */
export function objectRoutes(app: FastifyInstance, { store }: ServerParts): void {
  const routes = store.signedRoutes
  if (routes === null) return
  // The body stays a stream, whatever it says it is.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  app.put('/v1/objects/part', async (request, reply) => {
    if (request.body === undefined) throw new Failure('CHECKSUM_MISMATCH', 'The request has no body')
    const body = request.body as Readable
    try {
      const { etag } = await routes.receivePart(request.url, body)
      return reply.header('etag', `"${etag}"`).send()
    } catch (error) {
      // Whoever is refused sends the rest before it reads why; unread, it would block what comes next on this connection.
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
      if (head === null) throw new Failure('NOT_FOUND', 'What this URL was for has been deleted')
      if (fileName !== null)
        reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`)
      // Some of these bytes were uploaded by users: a browser shows them, and lets them do nothing.
      reply.headers({
        'cache-control': 'private, no-cache',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
      })
      return sendObject(request, reply, { store, key, ...head })
    },
  })
}
