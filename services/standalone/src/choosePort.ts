import { createServer, type AddressInfo } from 'node:net'
import { Failure } from '@imclr/contract'

/**
 * The port to listen on: the wanted one where it is free (asked before anything slow is opened), for 0 any free one.
 * Throws Failure CONFLICT that says what to do where it is taken, FORBIDDEN where only root may have it.
 */
export async function choosePort(host: string, port: number): Promise<number> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  } catch (cause) {
    throw portFailure(cause, host, port)
  }
  const { port: found } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return found
}

/** What a failed listen means, in words. */
function portFailure(cause: unknown, host: string, port: number): unknown {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new Failure(
      'CONFLICT',
      `port ${port} on ${host} is taken, perhaps by another imclr service; choose another with "npm start -- --port ${port + 1}", or --port 0 for any free one`,
      { cause },
    )
  if (code === 'EACCES')
    return new Failure(
      'FORBIDDEN',
      `port ${port} needs more rights than this user has; choose one above 1023 with --port`,
      { cause },
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Failure('BAD_INPUT', `${host} is no address of this machine; choose one with --host`, { cause })
  return cause
}
