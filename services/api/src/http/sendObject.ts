import type { ObjectStore } from '@imclr/storage'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireObject } from '../request/references.js'

export interface ObjectToSend {
  store: ObjectStore
  key: string
  bytes: number
  contentType: string
  /** Without quotes. It is the same as long as the bytes are. */
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
  const { body } = await requireObject(object.store.get(object.key, range ?? undefined))
  return reply.send(body)
}

function matches(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag))
  )
}

/** The part that a Range header asks for; `end` is its last byte. */
type ByteRange = { start: number; end: number }

/**
 * Parses a Range header (RFC 9110, 14.1.2). Gives `null` for the whole object: where there is no range, an invalid one,
 * or several. Gives `unsatisfiable` where the range begins after the end. The library range-parser is not used: it
 * calls a suffix that is longer than the object unsatisfiable, for which the RFC asks for the whole object, and an
 * invalid range as well.
 */
function parseRange(header: string | undefined, bytes: number): ByteRange | null | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || bytes === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - suffix), end: bytes - 1 }
  }
  const [start, end] = [Number(first), last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)]
  if (last !== '' && Number(last) < start) return null
  return start >= bytes ? 'unsatisfiable' : { start, end }
}
