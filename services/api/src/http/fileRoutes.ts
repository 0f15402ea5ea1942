import { artifactPaths, evaluationPaths, Failure, jobId, modelId } from '@imclr/contract'
import { findJob, findModelInAnyProject, type ModelRow } from '@imclr/database'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ServerDependencies } from '../dependencies.js'
import { requireEvaluation } from '../job/evaluations.js'
import { isModelToken } from '../model/modelUrl.js'
import { authenticate } from '../request/authenticate.js'
import { sendObject } from './sendObject.js'

const filePath = z.string().max(500)
const modelParams = z.object({ modelId, '*': filePath })
const modelQuery = z.object({ token: z.string().max(200).optional() })
const evaluationParams = z.object({ jobId, '*': filePath })

/** A report has its styles and pictures inside, and no scripts. */
const reportPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
const filePolicy = "default-src 'none'; sandbox"

/**
 * The files of models and of evaluations. Only the paths in their manifests exist. Their bytes never change, so caches
 * may keep them for ever.
 *
 * - `/v1/models/<id>/<path>` needs an API key or a token of `model.url`, and neither where the model is public.
 * - `/v1/evaluations/<job>/<path>` needs an API key.
 */
export function fileRoutes(app: FastifyInstance, dependencies: ServerDependencies): void {
  const { database, store } = dependencies
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/models/:modelId/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const params = modelParams.safeParse(request.params).data
      const model = await requireAllowedModel(dependencies, { request, reply, modelId: params?.modelId ?? '' })
      const { files } = model.manifest
      const file = requireFile(files, { path: params?.['*'], owner: `Model ${model.id}` })
      setHeaders(reply, { isPublic: model.public, isReport: file.path === artifactPaths.page })
      return sendObject(request, reply, { store, key: model.prefix + file.path, ...file, etag: file.sha256 })
    },
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/v1/evaluations/:jobId/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const caller = await authenticate(dependencies, request, reply)
      if (!caller.scopes.includes('read'))
        throw new Failure('FORBIDDEN', "The files of evaluations need an API key with the scope 'read'")
      const params = evaluationParams.safeParse(request.params).data
      const row = params && (await findJob(database.queries, { projectId: caller.projectId, jobId: params.jobId }))
      if (row === undefined) throw new Failure('NOT_FOUND', 'There is no such evaluation')
      const { files } = await requireEvaluation(dependencies, row)
      const file = requireFile(files, { path: params?.['*'], owner: `Evaluation ${row.id}` })
      setHeaders(reply, { isPublic: false, isReport: file.path === evaluationPaths.page })
      return sendObject(request, reply, { store, key: row.outputPrefix! + file.path, ...file, etag: file.sha256 })
    },
  })
}

/** Without a permission, a private model and one that does not exist get the same answer. */
async function requireAllowedModel(
  dependencies: ServerDependencies,
  { request, reply, modelId }: { request: FastifyRequest; reply: FastifyReply; modelId: string },
): Promise<ModelRow> {
  const { database, config, clock, limits } = dependencies
  const notFound = new Failure('NOT_FOUND', 'There is no such model')
  const model = modelId === '' ? undefined : await findModelInAnyProject(database.queries, modelId)
  const { token } = modelQuery.safeParse(request.query).data ?? {}
  const isOpen =
    model?.public === true ||
    (token !== undefined && isModelToken(token, { signingKey: config.signingKey, modelId, now: clock() }))
  if (isOpen) {
    await limits.count(request, reply)
    if (model === undefined) throw notFound
    return model
  }
  const caller = await authenticate(dependencies, request, reply)
  if (model === undefined || model.projectId !== caller.projectId) throw notFound
  if (!caller.scopes.includes('read'))
    throw new Failure('FORBIDDEN', "The files of models need an API key with the scope 'read'")
  return model
}

function requireFile<File extends { path: string }>(
  files: File[],
  { path, owner }: { path: string | undefined; owner: string },
): File {
  const file = files.find((one) => one.path === path)
  if (file === undefined)
    throw new Failure('NOT_FOUND', `${owner} has no such file; it has ${files.map((one) => one.path).join(', ')}`)
  return file
}

function setHeaders(reply: FastifyReply, { isPublic, isReport }: { isPublic: boolean; isReport: boolean }): void {
  reply.headers({
    'cache-control': `${isPublic ? 'public' : 'private'}, max-age=31536000, immutable`,
    'content-security-policy': isReport ? reportPolicy : filePolicy,
    'cross-origin-resource-policy': 'cross-origin',
  })
}
