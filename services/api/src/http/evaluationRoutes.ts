import { evaluationPaths, Failure, jobId } from '@imclr/contract'
import { findJob } from '@imclr/database'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { evaluationOf } from '../job/evaluation.js'
import type { ServerParts } from '../parts.js'
import { authenticate } from '../request/authenticate.js'
import { filePolicy, pagePolicy } from './policies.js'
import { sendObject } from './sendObject.js'

const params = z.object({ jobId, '*': z.string().max(500) })

/** The files of evaluations: `/v1/evaluations/<job>/<path>`, with an API key. An evaluation never changes; only paths of its manifest exist. */
export function evaluationRoutes(app: FastifyInstance, parts: ServerParts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/evaluations/:jobId/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const caller = await authenticate(parts, request, reply)
      if (!caller.scopes.includes('read'))
        throw new Failure('FORBIDDEN', "The files of evaluations need an API key with the scope 'read'")
      const path = params.safeParse(request.params)
      const row = path.success
        ? await findJob(parts.database.queries, { projectId: caller.projectId, jobId: path.data.jobId })
        : undefined
      if (row === undefined) throw new Failure('NOT_FOUND', 'There is no such evaluation')
      const { files } = await evaluationOf(parts, row)
      const file = files.find((one) => one.path === path.data?.['*'])
      if (file === undefined)
        throw new Failure(
          'NOT_FOUND',
          `Evaluation ${row.id} has no such file; it has ${files.map((one) => one.path).join(', ')}`,
        )
      reply.headers({
        'cache-control': 'private, max-age=31536000, immutable',
        'content-security-policy': file.path === evaluationPaths.page ? pagePolicy : filePolicy,
        'cross-origin-resource-policy': 'cross-origin',
      })
      return sendObject(request, reply, {
        store: parts.store,
        key: row.outputPrefix! + file.path,
        bytes: file.bytes,
        contentType: file.contentType,
        etag: file.sha256,
      })
    },
  })
}
