import { Failure, type Scope } from '@imclr/contract'
import { findKeysByPrefix, touchKey } from '@imclr/database'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ServerDependencies } from '../dependencies.js'
import { isSecret, matchesSecret, storedForm } from '../key/secret.js'

/** Who sent the request: an API key, and the one project that it opens. */
export interface Caller {
  keyId: string
  projectId: string
  scopes: Scope[]
}

const lastUsedEveryMs = 60_000

/**
 * Finds the caller by `Authorization: Bearer <key>`. Throws Failure RATE_LIMITED, and UNAUTHENTICATED with the same
 * message whether a key is unknown, expired or revoked.
 */
export async function authenticate(
  dependencies: ServerDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Caller> {
  const caller = await callerOf(dependencies, request.headers.authorization)
  if (caller === null) {
    await dependencies.limits.countAuthFailure(request, reply)
    reply.header('www-authenticate', 'Bearer')
    throw new Failure(
      'UNAUTHENTICATED',
      request.headers.authorization === undefined ? 'An API key is needed' : 'This API key is not valid',
    )
  }
  request.countedAs = caller.keyId
  await dependencies.limits.count(request, reply)
  return caller
}

async function callerOf(
  { database, clock, log }: ServerDependencies,
  authorization: string | undefined,
): Promise<Caller | null> {
  const secret = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
  if (secret === undefined || !isSecret(secret)) return null
  const key = (await findKeysByPrefix(database.queries, storedForm(secret).prefix)).find(({ sha256 }) =>
    matchesSecret(secret, sha256),
  )
  const now = clock()
  if (key === undefined || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null
  if (key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() > lastUsedEveryMs) {
    // The request does not wait for this write, and does not fail with it.
    touchKey(database.queries, { keyId: key.id, at: now }).catch((error: unknown) =>
      log.warn({ err: error, keyId: key.id }, 'last use of an API key was not noted'),
    )
  }
  return { keyId: key.id, projectId: key.projectId, scopes: key.scopes }
}
