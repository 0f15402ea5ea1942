import type { FastifyRequest } from 'fastify'
import type { Context } from './context.js'

/** An address to be given out: what begins with a slash is a path of this service, whatever name it goes by; anything else stands as it is (an S3 store's). */
export const addressOf = ({ baseUrl }: Pick<Context, 'baseUrl'>, url: string): string =>
  url.startsWith('/') ? `${baseUrl}${url}` : url

/**
 * How the client reached the service: scheme and host of the request, or as a proxy that is trusted says (X-Forwarded-Proto and -Host).
 * A request without a usable Host came to the address that it was received at.
 */
export function originOf({ protocol, host, socket }: Pick<FastifyRequest, 'protocol' | 'host' | 'socket'>): string {
  const scheme = protocol === 'https' ? 'https' : 'http'
  const origin = `${scheme}://${host}`
  const isUsable =
    host !== '' &&
    URL.canParse(origin) &&
    new URL(origin).host === host.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '')
  if (isUsable) return origin
  const { localAddress = '127.0.0.1', localPort = 80 } = socket
  return `${scheme}://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}
