import type { ErrorFields } from '../errors.js'

/** An answer that is not the service's own. */
export interface ForeignAnswer {
  status: number
  contentType: string | null
  /** Its beginning is enough. */
  text: string
}

const advice: Record<number, { what: string; hint: string }> = {
  413: {
    what: 'its limit for bodies is below what was sent (a part of an upload has 8 MiB, another request up to 2 MiB)',
    hint: 'Raise the limit of the proxy (nginx: client_max_body_size 16m).',
  },
  502: {
    what: 'it cannot reach the service behind it',
    hint: 'Check that the service runs, and the address that the proxy sends requests to.',
  },
  503: {
    what: 'it has no service to send the request to',
    hint: 'Check that the service runs, and the address that the proxy sends requests to.',
  },
  504: {
    what: 'it gave up waiting for the service',
    hint: "Raise the proxy's time limit (nginx: proxy_read_timeout 15m), and check that the service runs.",
  },
}

/** What a page of a proxy in front of the service says; null where the answer is no such page (the service answers JSON, an S3 store XML). */
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

/** Scheme, host and port of an address: what somebody has to know who mends it. An address may hold a token, which errors must not. */
export const originOf = (address: string): string => (URL.canParse(address) ? new URL(address).origin : address)

/** What to do about an address of the service's that cannot be reached. */
export const reachable =
  'This address must be reachable from here: the service gives it by its setting PUBLIC_URL, or OBJECT_STORE_PUBLIC_ENDPOINT where objects are in an S3 store.'
