import { Failure, type Scope } from '@imclr/contract'
import { findKeysByPrefix, touchKey } from '@imclr/database'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSecret, proves, storedForm } from '../key/secret.js'
import type { ServerParts } from '../parts.js'

/** Who asks: a key, and with it the one project in which everything is looked up. */
export interface Caller {
  keyId: string
  projectId: string
  scopes: Scope[]
}

const lastUsedEveryMs = 60_000

/**
 * The caller behind `Authorization: Bearer <key>`. Throws Failure UNAUTHENTICATED, in the same words whether a key is
 * unknown, expired or revoked, and RATE_LIMITED.
 */
export async function authenticate(parts: ServerParts, request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
  const caller = await callerOf(parts, request.headers.authorization)
  if (caller === null) {
    await parts.limits.countAuthFailure(request, reply)
    reply.header('www-authenticate', 'Bearer')
    throw new Failure(
      'UNAUTHENTICATED',
      request.headers.authorization === undefined ? 'An API key is needed' : 'This API key is not valid',
    )
  }
  request.countedAs = caller.keyId
  await parts.limits.count(request, reply)
  return caller
}

async function callerOf(
  { database, clock, log }: ServerParts,
  authorization: string | undefined,
): Promise<Caller | null> {
  const secret = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
  if (secret === undefined || !isSecret(secret)) return null
  const key = (await findKeysByPrefix(database.queries, storedForm(secret).prefix)).find(({ sha256 }) =>
    proves(secret, sha256),
  )
  const now = clock()
  if (key === undefined || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null
  if (key.lastUsedAt === null || now.getTime() - key.lastUsedAt.getTime() > lastUsedEveryMs) {
    // Nobody waits for it, and a request does not fail with it.
    touchKey(database.queries, { keyId: key.id, at: now }).catch((error: unknown) =>
      log.warn({ err: error, keyId: key.id }, 'last use of an API key was not noted'),
    )
  }
  return { keyId: key.id, projectId: key.projectId, scopes: key.scopes }
}
