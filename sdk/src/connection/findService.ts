import { environment } from '../env.js'
import { AuthenticationError, ConnectionError, localError } from '../errors.js'

export interface ServiceAddress { url: string; apiKey: string }

/**
 * Where the service is and with which key: what the caller gave, then IMCLR_URL and IMCLR_API_KEY, then the service that
 * runs on this machine, which writes its address and where its key lies.
 *
 * @throws ConnectionError (`NO_SERVICE`) where none of them answers; AuthenticationError (`NO_API_KEY`) for a url without a key.
 */
export async function findService(given: Partial<ServiceAddress>): Promise<ServiceAddress> {
  const url = given.url ?? environment.url
  const apiKey = given.apiKey ?? environment.apiKey
  if (url && apiKey) return { url: url.replace(/\/+$/, ''), apiKey }
  const local = await localService()
  if (local && (!url || url.replace(/\/+$/, '') === local.url)) return { url: local.url, apiKey: apiKey ?? local.apiKey }
  if (url) throw new AuthenticationError(localError('NO_API_KEY', `There is no API key for ${url}.`, 'Pass apiKey to createClient, or set IMCLR_API_KEY.'))
  throw new ConnectionError(localError('NO_SERVICE', 'No imclr service is known.', 'Start one with "npm start", or set IMCLR_URL and IMCLR_API_KEY.'))
}

/** The service on this machine, from the note it leaves for as long as it runs. */
async function localService(): Promise<ServiceAddress | undefined> {
  const [{ readFile }, { homedir }, { join }] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')]).catch(() => [undefined, undefined, undefined] as never)
  if (!readFile) return undefined
  const note = join(environment.stateHome ?? join(homedir(), '.local', 'state'), 'imclr', 'service.json')
  try {
    const { url, keyFile, pid } = JSON.parse(await readFile(note, 'utf8')) as { url: string; keyFile: string; pid: number }
    process.kill(pid, 0)
    return { url, apiKey: (await readFile(keyFile, 'utf8')).trim() }
  } catch {
    return undefined // no note, or one left by a service that is gone
  }
}
