import { createServer, type AddressInfo } from 'node:net'
import { Failure } from '@imclr/contract'

/**
 * Returns the port to listen on: the wanted one, or for 0 any free one. Called before anything slow is opened. Throws
 * Failure CONFLICT where the port is taken, FORBIDDEN where only root may use it; both say what to do.
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

/** Turns the error of a failed listen into a failure that says what to do. */
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
