import { artifactPaths, Failure, modelId } from '@imclr/contract'
import { findAnyModel, type ModelRow } from '@imclr/database'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isModelToken } from '../model/modelToken.js'
import type { ServerParts } from '../parts.js'
import { authenticate } from '../request/authenticate.js'
import { filePolicy, pagePolicy } from './policies.js'
import { sendObject } from './sendObject.js'

const params = z.object({ modelId, '*': z.string().max(500) })
const query = z.object({ token: z.string().max(200).optional() })

/**
 * The files of models: `/v1/models/<id>/<path>`, with an API key, with a token of `model.url`, or with neither where the
 * model is public. A model never changes, so its files may be cached for ever; only paths of its manifest exist.
 */
export function modelRoutes(app: FastifyInstance, parts: ServerParts): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/models/:modelId/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const path = params.safeParse(request.params)
      const model = await allowedModel(parts, { request, reply, modelId: path.data?.modelId ?? '' })
      const file = model.manifest.files.find((one) => one.path === path.data?.['*'])
      if (file === undefined)
        throw new Failure(
          'NOT_FOUND',
          `Model ${model.id} has no such file; it has ${model.manifest.files.map((one) => one.path).join(', ')}`,
        )
      reply.headers({
        'cache-control': `${model.public ? 'public' : 'private'}, max-age=31536000, immutable`,
        'content-security-policy': file.path === artifactPaths.page ? pagePolicy : filePolicy,
        'cross-origin-resource-policy': 'cross-origin',
      })
      return sendObject(request, reply, {
        store: parts.store,
        key: model.prefix + file.path,
        bytes: file.bytes,
        contentType: file.contentType,
        etag: file.sha256,
      })
    },
  })
}

/** Without a permission, a model that is private and one that is not there look the same. */
async function allowedModel(
  parts: ServerParts,
  { request, reply, modelId }: { request: FastifyRequest; reply: FastifyReply; modelId: string },
): Promise<ModelRow> {
  const notFound = new Failure('NOT_FOUND', 'There is no such model')
  const model = modelId === '' ? undefined : await findAnyModel(parts.database.queries, modelId)
  const { token } = query.safeParse(request.query).data ?? {}
  const opened =
    model?.public === true ||
    (token !== undefined && isModelToken(token, { signingKey: parts.config.signingKey, modelId, now: parts.clock() }))
  if (opened) {
    await parts.limits.count(request, reply)
    if (model === undefined) throw notFound
    return model
  }
  const caller = await authenticate(parts, request, reply)
  if (model === undefined || model.projectId !== caller.projectId) throw notFound
  if (!caller.scopes.includes('read'))
    throw new Failure('FORBIDDEN', "The files of models need an API key with the scope 'read'")
  return model
}
