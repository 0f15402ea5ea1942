import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { partPath } from './findPart.js'
import { freePort, makeFolder, startServer } from './startServer.js'

const execute = promisify(execFile)

/** A fresh, empty database. */
export interface PostgresDatabase extends AsyncDisposable {
  /** postgres://... */
  url: string
  /** Drops the database, whoever is connected to it. */
  drop(): Promise<void>
}

let server: Promise<number> | undefined

/**
 * A fresh database on a real PostgreSQL server. The server is started with the first one (about 0.6 s) and ends with
 * this process; every further database takes some 50 ms. Nothing is synced to disk: only a power cut would tell.
 */
export async function postgres(): Promise<PostgresDatabase> {
  server ??= start()
  const port = await server
  const name = `test_${randomBytes(6).toString('hex')}`
  const programs = partPath('postgres')
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'imclr']
  await execute(join(programs, 'createdb'), [...connection, name])
  const drop = async (): Promise<void> => {
    await execute(join(programs, 'dropdb'), [...connection, '--force', '--if-exists', name])
  }
  return { url: `postgres://imclr@127.0.0.1:${port}/${name}`, drop, [Symbol.asyncDispose]: drop }
}

/** Starts the server; gives its port. */
async function start(): Promise<number> {
  const programs = partPath('postgres')
  const folder = makeFolder('postgres')
  const data = join(folder, 'data')
  const unprivileged = asUnprivileged(folder)
  const [initialise = '', ...how] = [
    ...unprivileged,
    join(programs, 'initdb'),
    '-D',
    data,
    '-U',
    'imclr',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-locale',
    '--no-sync',
  ]
  await execute(initialise, how)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'].flatMap(
    (setting) => ['-c', setting],
  )
  const [command = '', ...args] = [
    ...unprivileged,
    join(programs, 'postgres'),
    '-D',
    data,
    '-F',
    '-p',
    String(port),
    ...settings,
  ]
  const isReady = (): Promise<boolean> =>
    execute(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
      () => true,
      () => false,
    )
  await startServer({ name: 'PostgreSQL', folder, command, args, stopSignal: 'QUIT', isReady })
  return port
}

/**
 * PostgreSQL refuses to run as root: then the user of Debian's package runs it, and owns the folder. Gives the words to
 * put before the command.
 */
function asUnprivileged(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const user = ['postgres', 'nobody'].find((name) => idOf(name, '-u') !== undefined)
  if (user === undefined)
    throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it as')
  const [uid = 0, gid = 0] = [idOf(user, '-u'), idOf(user, '-g')]
  chownSync(folder, uid, gid)
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--']
}

function idOf(user: string, kind: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [kind, user], { stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  } catch {
    return undefined
  }
}
