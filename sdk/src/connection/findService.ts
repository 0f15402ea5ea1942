import { environment } from '../env.js'
import { AuthenticationError, ConnectionError, localError } from '../errors.js'

export interface ServiceAddress {
  url: string
  apiKey: string
}

/**
 * Finds the service's address and key: from the caller, then from IMCLR_URL and IMCLR_API_KEY, then from the note of
 * the service that runs on this machine.
 *
 * @throws ConnectionError `NO_SERVICE` if there is none, `SEVERAL_SERVICES` if several run on this machine and none is
 * named;
 *   AuthenticationError `NO_API_KEY` for a url without a key
 */
export async function findService(given: Partial<ServiceAddress>): Promise<ServiceAddress> {
  const url = (given.url ?? environment.url)?.replace(/\/+$/, '')
  const apiKey = given.apiKey ?? environment.apiKey
  if (url && apiKey) return { url, apiKey }
  const running = await localServices()
  const [local, other] = url ? running.filter((one) => one.url === url) : running
  if (local && other)
    throw new ConnectionError(
      localError(
        'SEVERAL_SERVICES',
        `${running.length} imclr services run on this machine: ${running.map((one) => `${one.url} (data in ${one.dataDir})`).join(', ')}.`,
        'Choose one: pass url to createClient, or set IMCLR_URL.',
      ),
    )
  if (local) return { url: local.url, apiKey: apiKey ?? local.apiKey }
  if (url)
    throw new AuthenticationError(
      localError('NO_API_KEY', `There is no API key for ${url}.`, 'Pass apiKey to createClient, or set IMCLR_API_KEY.'),
    )
  throw new ConnectionError(
    localError(
      'NO_SERVICE',
      'No imclr service was found.',
      'Start one with "npm start", or set IMCLR_URL and IMCLR_API_KEY.',
    ),
  )
}

interface LocalService extends ServiceAddress {
  dataDir: string
}

/** The services on this machine, by the notes that they write while they run. */
async function localServices(): Promise<LocalService[]> {
  const [{ readFile, readdir }, { homedir }, { join }] = await Promise.all([
    import('node:fs/promises'),
    import('node:os'),
    import('node:path'),
  ]).catch(() => [{}, {}, {}] as never)
  if (!readFile) return []
  const folder = join(environment.stateHome ?? join(homedir(), '.local', 'state'), 'imclr', 'services')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        const { url, keyFile, pid, dataDir } = JSON.parse(await readFile(join(folder, name), 'utf8')) as {
          url: string
          keyFile: string
          pid: number
          dataDir: string
        }
        process.kill(pid, 0)
        return [{ url, apiKey: (await readFile(keyFile, 'utf8')).trim(), dataDir }]
      } catch {
        return [] // the service is gone, or its key belongs to another user
      }
    }),
  )
  return found.flat()
}
