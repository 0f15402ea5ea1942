import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, makeId, scopes } from '@imclr/contract'
import { anyKeyExists, insertKey, insertProject, lockFirstStart, type Database } from '@imclr/database'
import { isSecret, makeSecret, storedForm } from './secret.js'

/**
 * Sees to it that somebody can use a fresh service: where it has no key yet, makes the project `default` and a key with
 * every scope, written to `path` (mode 0600, whole or not at all). A key that already is in the file (put there by an
 * operator, or left by a start that was cut off) is taken instead. Several processes may start at once.
 *
 * @returns whether a key was made; the key itself is in the file and nowhere else
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
