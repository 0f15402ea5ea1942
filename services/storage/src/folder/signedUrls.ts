import { createHmac, timingSafeEqual } from 'node:crypto'
import { Failure } from '@imclr/contract'

/** Signed URLs: HMAC-SHA256 over path and query; they are valid until `expires` (seconds since 1970). */
export interface UrlSigner {
  sign(options: { method: 'GET' | 'PUT'; path: string; query: Record<string, string>; expiresSeconds: number }): string
  /** Checks the signature of a URL and returns its query. Throws Failure URL_REJECTED. */
  verify(method: 'GET' | 'PUT', url: string): { path: string; query: Record<string, string> }
}

export function urlSigner({
  publicUrl = '',
  signingKey,
  now,
}: {
  publicUrl: string | undefined
  signingKey: string
  now: () => number
}): UrlSigner {
  const signature = (method: string, path: string, query: URLSearchParams): string => {
    query.sort()
    return createHmac('sha256', Buffer.from(signingKey, 'hex'))
      .update(`${method}\n${path}\n${query.toString()}`)
      .digest('base64url')
  }
  return {
    sign({ method, path, query, expiresSeconds }) {
      const signed = new URLSearchParams({ ...query, expires: String(Math.floor(now() / 1000) + expiresSeconds) })
      signed.set('signature', signature(method, path, signed))
      return `${publicUrl.replace(/\/+$/, '')}${path}?${signed.toString()}`
    },
    verify(method, url) {
      const { pathname, searchParams } = new URL(url, 'http://service')
      const given = Buffer.from(searchParams.get('signature') ?? '')
      searchParams.delete('signature')
      const right = Buffer.from(signature(method, pathname, searchParams))
      if (given.length !== right.length || !timingSafeEqual(given, right))
        throw new Failure('URL_REJECTED', 'the signature of this URL is not ours')
      if (Number(searchParams.get('expires')) * 1000 <= now()) throw new Failure('URL_REJECTED', 'this URL has expired')
      return { path: pathname, query: Object.fromEntries(searchParams) }
    },
  }
}
