import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import { cacheFolder } from './findPart.js'

const execute = promisify(execFile)

/**
 * Puts an empty PGlite into a folder that does not exist yet, and returns the folder. PGlite takes some five seconds of
 * a core to make one; here it is copied from one that PGlite made before. The database package adds its tables when it
 * opens the folder.
 */
export async function emptyPglite(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // A thousand files: the program needs a quarter of the time that Node's own function takes.
  await execute('cp', ['-R', `${await (template ??= findTemplate())}/.`, folder])
  return folder
}

let template: Promise<string> | undefined

/**
 * In the cache, by PGlite's version. Several processes may make it at once: the first one that is done gives it its
 * name.
 */
async function findTemplate(): Promise<string> {
  const module = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'))
  const { version } = JSON.parse(await readFile(join(module, '../package.json'), 'utf8')) as { version: string }
  const parent = join(cacheFolder, 'pglite')
  const found = join(parent, version)
  const isThere = () => readFile(join(found, 'PG_VERSION')).then(Boolean, () => false)
  if (await isThere()) return found
  await mkdir(parent, { recursive: true })
  const making = await mkdtemp(join(parent, 'making-'))
  try {
    await (await PGlite.create(making)).close()
    await rename(making, found).catch(async (error: unknown) => {
      if (!(await isThere())) throw error
    })
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return found
}
