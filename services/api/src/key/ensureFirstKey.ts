import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, makeId, scopes } from '@imclr/contract'
import { anyKeyExists, insertKey, insertProject, lockFirstStart, type Database } from '@imclr/database'
import { isSecret, makeSecret, storedForm } from './secret.js'

/**
 * Makes a new service usable: where it has no key yet, creates the project `default` and a key with every scope, and
 * writes the key to `path` (mode 0600, whole or not at all). Where the file holds a key already, takes that one: an
 * operator put it there, or a start that was interrupted. Several processes may start at once.
 *
 * @returns whether it created a key, which is in the file and nowhere else
 * @throws Failure BAD_INPUT where the file holds something else
 */
export async function ensureFirstKey({
  database,
  path,
}: {
  database: Database
  path: string
}): Promise<{ created: boolean; path: string }> {
  if (await anyKeyExists(database.queries)) return { created: false, path }
  return database.transaction(async (tx) => {
    await lockFirstStart(tx)
    if (await anyKeyExists(tx)) return { created: false, path }
    const secret = (await readSecret(path)) ?? makeSecret(randomBytes(32))
    await writeSecret(path, secret)
    const createdAt = new Date()
    const project = await insertProject(tx, { id: makeId('prj', randomBytes(20)), name: 'default', createdAt })
    if (project === undefined) throw new Failure('CONFLICT', "There is a project 'default' without any API key")
    await insertKey(tx, {
      id: makeId('key', randomBytes(20)),
      projectId: project.id,
      name: 'first key',
      scopes: [...scopes],
      expiresAt: null,
      ...storedForm(secret),
      createdAt,
    })
    return { created: true, path }
  })
}

async function readSecret(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  if (!isSecret(text.trim())) throw new Failure('BAD_INPUT', `${path} is there, but holds no API key; move it away`)
  return text.trim()
}

async function writeSecret(path: string, secret: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${secret}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(draft, 0o600) // whatever the umask
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
