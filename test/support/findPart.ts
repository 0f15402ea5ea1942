import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Part {
  /** What to call it, and how to get it. */
  needs: string
  find(): string | undefined
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Where what is costly to make is kept, outside of the clone; the same folder as infra/setup/cacheFolder.mjs says. */
export const cacheFolder =
  process.env.IMCLR_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'imclr')

const parts = {
  postgres: { needs: 'PostgreSQL; apt-get install postgresql', find: findPostgres },
  redis: { needs: 'redis-server; apt-get install redis-server', find: () => onPath('redis-server') },
  minio: { needs: 'the MinIO server; .ci/run builds it, or set IMCLR_MINIO to its binary', find: findMinio },
  chromium: {
    needs: 'Chromium; apt-get install chromium',
    find: () => process.env.IMCLR_CHROMIUM ?? onPath('chromium') ?? onPath('chromium-browser'),
  },
  nginx: {
    needs: 'nginx; apt-get install nginx-light',
    find: () => onPath('nginx') ?? ['/usr/sbin/nginx'].find(isProgram),
  },
  python: {
    needs: 'the Python oracles; set IMCLR_TEST_PYTHON to a Python that has test/oracles/requirements.txt',
    find: findPython,
  },
  docker: { needs: 'the Docker engine; apt-get install docker.io', find: () => onPath('docker') },
  dockerd: {
    needs: 'the Docker engine, and root to start one; apt-get install docker.io',
    find: () => (process.getuid?.() === 0 ? (onPath('dockerd') ?? ['/usr/sbin/dockerd'].find(isProgram)) : undefined),
  },
  debianImage: {
    needs: 'Debian as an image; .ci/run makes it with debootstrap',
    find: () => [join(cacheFolder, 'images', 'debian-bookworm.tar')].find(existsSync),
  },
  tar: { needs: 'GNU tar; apt-get install tar', find: () => onPath('tar') },
  zip: { needs: "Info-ZIP's zip; apt-get install zip", find: () => onPath('zip') },
  sevenZip: { needs: '7-Zip; apt-get install p7zip-full', find: () => onPath('7z') },
  bsdtar: { needs: 'bsdtar; apt-get install libarchive-tools', find: () => onPath('bsdtar') },
  python3: { needs: 'Python 3 with its standard library; apt-get install python3', find: () => onPath('python3') },
} satisfies Record<string, Part>

export type PartName = keyof typeof parts

const named = new Set<PartName>()

/**
 * Whether a part is there. Where it is not, its name and the way to get it go to the console once and the answer is
 * false, for `describe.skipIf`. In CI (`CI=true`) nothing may be skipped: there it throws.
 */
export function requirePart(name: PartName): boolean {
  if (parts[name].find() !== undefined) return true
  if (process.env.CI === 'true') throw new Error(`needs ${parts[name].needs}`)
  if (!named.has(name)) console.warn(`skipped: needs ${parts[name].needs}`)
  named.add(name)
  return false
}

/** Where a part is: its program's path (for PostgreSQL the folder of its programs). Throws where it is missing. */
export function partPath(name: PartName): string {
  const found = parts[name].find()
  if (found === undefined) throw new Error(`needs ${parts[name].needs}`)
  return found
}

/** The newest of Debian's versions, else the one on the PATH. */
function findPostgres(): string | undefined {
  const versions = '/usr/lib/postgresql'
  const newest = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...newest.map((version) => join(versions, version, 'bin')),
    ...[onPath('initdb')].flatMap((path) => (path ? [dirname(path)] : [])),
  ]
  return folders.find((folder) => isProgram(join(folder, 'initdb')) && isProgram(join(folder, 'postgres')))
}

function findMinio(): string | undefined {
  return process.env.IMCLR_MINIO ?? [join(cacheFolder, 'bin', 'minio')].find(isProgram) ?? onPath('minio')
}

/** The named Python, else the one that .ci/run made for just these requirements. */
function findPython(): string | undefined {
  if (process.env.IMCLR_TEST_PYTHON) return process.env.IMCLR_TEST_PYTHON
  const requirements = join(root, 'test', 'oracles', 'requirements.txt')
  if (!existsSync(requirements)) return undefined
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16)
  return [join(cacheFolder, 'oracles', key, 'bin', 'python')].find(isProgram)
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
