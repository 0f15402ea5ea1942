import type { ObjectStore } from '@imclr/storage'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { recordedObject } from '../request/recordedObject.js'
import { parseRange } from './parseRange.js'

export interface ObjectToSend {
  store: ObjectStore
  key: string
  bytes: number
  contentType: string
  /** Without quotes; the same as long as the bytes are. */
  etag: string
}

/** Answers GET and HEAD for one object: 200, 206 (Range), 304 (If-None-Match) or 416, as a stream. */
export async function sendObject(
  request: FastifyRequest,
  reply: FastifyReply,
  object: ObjectToSend,
): Promise<FastifyReply> {
  const { bytes, contentType } = object
  const etag = `"${object.etag}"`
  reply.headers({ etag, 'accept-ranges': 'bytes' })
  if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()

  const ifRange = request.headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, bytes) : null
  if (range === 'unsatisfiable') {
    reply.headers({ 'content-range': `bytes */${bytes}`, 'cache-control': 'no-store' })
    return reply.code(416).send()
  }
  reply.headers({ 'content-type': contentType, 'content-length': range === null ? bytes : range.end - range.start + 1 })
  if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
  if (request.method === 'HEAD' || bytes === 0) return reply.send(request.method === 'HEAD' ? undefined : '')
  const { body } = await recordedObject(object.store.get(object.key, range ?? undefined))
  return reply.send(body)
}

function matches(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
  )
}
