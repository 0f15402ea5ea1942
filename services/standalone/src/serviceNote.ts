import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isRunning } from '@imclr/database'

export interface ServiceNote {
  url: string
  /** File that holds an API key. */
  keyFile: string
  pid: number
  /** Where its data are: people tell several services apart by it. */
  dataDir: string
}

/**
 * Writes notes that tell clients on this machine where the service is: one in the data folder, and one where every
 * `createClient()` looks, beside those of other services. Removes the notes of services that are gone. Returns a
 * function that removes our own.
 */
export async function leaveNotes(note: ServiceNote, stateHome: string | null): Promise<() => Promise<void>> {
  const shared = stateHome === null ? null : join(stateHome, 'imclr', 'services')
  const paths = [join(note.dataDir, 'service.json'), ...(shared === null ? [] : [join(shared, `${note.pid}.json`)])]
  const text = `${JSON.stringify(note)}\n`
  for (const path of paths) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.new`, text, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
  if (shared !== null)
    for (const name of await readdir(shared))
      if (!isRunning(Number.parseInt(name, 10))) await rm(join(shared, name), { force: true })
  return async () => {
    for (const path of paths) await rm(path, { force: true })
  }
}
