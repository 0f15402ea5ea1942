import type { ErrorFields } from '../errors.js'

/** An answer that may come from a proxy. */
export interface ForeignAnswer {
  status: number
  contentType: string | null
  /** The body; its beginning is enough. */
  text: string
}

const advice: Record<number, { what: string; hint: string }> = {
  413: {
    what: 'the request is larger than its limit for bodies (a part of an upload has 8 MiB, another request up to 2 MiB)',
    hint: 'Raise the limit of the proxy (nginx: client_max_body_size 16m).',
  },
  502: {
    what: 'it cannot reach the service behind it',
    hint: 'Check that the service runs, and that the proxy sends requests to its address.',
  },
  503: {
    what: 'it has no service behind it',
    hint: 'Check that the service runs, and that the proxy sends requests to its address.',
  },
  504: {
    what: 'it gave up waiting for the service',
    hint: "Raise the proxy's time limit (nginx: proxy_read_timeout 15m), and check that the service runs.",
  },
}

/** The error in a proxy's HTML page; null for other answers (the service answers in JSON, an S3 store in XML). */
export function proxyFields(
  { status, contentType, text }: ForeignAnswer,
  address: string,
): Pick<ErrorFields, 'code' | 'message' | 'hint' | 'status' | 'retryable'> | null {
  const isPage = (contentType ?? '').includes('text/html') || /^\s*<(!doctype html|html)/i.test(text)
  if (!isPage) return null
  const { what, hint } = advice[status] ?? {
    what: `it said ${JSON.stringify(titleOf(text))}`,
    hint: 'Check the address of the service, and the proxy in front of it.',
  }
  return {
    code: 'PROXY_ANSWERED',
    message: `A proxy in front of the service, at ${originOf(address)}, answered ${status}: ${what}.`,
    hint,
    status,
    retryable: [502, 503, 504].includes(status),
  }
}

const titleOf = (text: string): string =>
  (/<title>([^<]*)<\/title>/i.exec(text)?.[1] ?? text.replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 100)

/**
 * Scheme, host and port of an address. The rest is left out, because an address may hold a token and errors must not.
 */
export const originOf = (address: string): string => (URL.canParse(address) ? new URL(address).origin : address)

/** The hint for an address that the service gave and that cannot be reached. */
export const reachabilityHint =
  'This address must be reachable from here. The service takes it from its setting PUBLIC_URL, or from OBJECT_STORE_PUBLIC_ENDPOINT if objects are in an S3 store.'
