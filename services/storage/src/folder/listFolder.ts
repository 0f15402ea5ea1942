import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asFailure, codeOf } from './files.js'

/**
 * All files below `root` whose key begins with `prefix` (which ends with a slash), in the order of their keys' bytes.
 */
export async function* listFolder(
  root: string,
  prefix: string,
): AsyncIterable<{ key: string; bytes: number; modified: Date }> {
  const entries = await readdir(join(root, prefix), { withFileTypes: true }).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return []
    throw asFailure(error, prefix)
  })
  // A folder sorts by the slash that follows its name in keys.
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  for (const name of names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    const key = prefix + name
    if (name.endsWith('/')) yield* listFolder(root, key)
    else {
      const file = await stat(join(root, key)).catch(() => null) // deleted meanwhile
      if (file !== null) yield { key, bytes: file.size, modified: file.mtime }
    }
  }
}
