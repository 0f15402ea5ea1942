import { once } from 'node:events'
import { createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FlakyProxy extends AsyncDisposable {
  url: string
  /** Requests so far, as `METHOD /path`. */
  seen: string[]
}

/**
 * What happens to a request: it passes, is cut off before or after so many bytes of the answer, or gets an answer of
 * our own.
 */
export type Fate = 'pass' | { cutAfterBytes: number } | { status: number; headers?: Record<string, string> }

/**
 * A proxy on a real socket that breaks what it is told to break. `fate` is asked for every request, with its number
 * from 1.
 */
export async function flakyProxy(
  target: string,
  fate: (request: IncomingMessage, number: number) => Fate,
): Promise<FlakyProxy> {
  const seen: string[] = []
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url?.split('?')[0]}`)
    const decided = fate(incoming, seen.length)
    if (typeof decided === 'object' && 'status' in decided) {
      incoming.resume()
      outgoing.writeHead(decided.status, { 'content-type': 'application/json', ...decided.headers }).end('{}')
      return
    }
    const forward = send(
      target + incoming.url,
      { method: incoming.method, headers: { ...incoming.headers, host: new URL(target).host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        if (decided === 'pass') return void answer.pipe(outgoing)
        let left = decided.cutAfterBytes
        answer.on('data', (chunk: Buffer) => {
          if (left <= 0) return
          // Cut once these bytes are on their way: a connection that is destroyed takes what it holds with it.
          const isLast = chunk.length >= left
          outgoing.write(chunk.subarray(0, left), () => {
            if (isLast) {
              outgoing.destroy()
              answer.destroy()
            }
          })
          left -= chunk.length
        })
        answer.on('end', () => {
          if (left > 0) outgoing.end()
        })
      },
    )
    forward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forward.destroy())
    if (typeof decided === 'object' && decided.cutAfterBytes === 0) {
      incoming.socket.destroy()
      forward.destroy()
    } else incoming.pipe(forward)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
