import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { Failure } from '@imclr/contract'

/**
 * Reads the key that signs URLs (hexadecimal) from a file, which the first start makes with mode 0600. The caller holds
 * the folder's lock.
 */
export async function signingKey(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept !== null) {
    if (!/^[0-9a-f]{64}$/.test(kept.trim()))
      throw new Failure(
        'BAD_INPUT',
        `${path} is there, but holds no signing key; move it away, and a new one is made (signed addresses given out before stop working)`,
      )
    return kept.trim()
  }
  const key = randomBytes(32).toString('hex')
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return key
}
