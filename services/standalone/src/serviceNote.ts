import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface ServiceNote {
  url: string
  /** File that holds an API key. */
  keyFile: string
  pid: number
}

/**
 * Tells clients on this machine where the service is: in the data folder, and where every `createClient()` looks. Gives a
 * function that takes the notes back; one that another service has overwritten since stays.
 */
export async function leaveNotes(note: ServiceNote, { dataDir, stateHome }: { dataDir: string; stateHome: string | null }): Promise<() => Promise<void>> {
  const paths = [join(dataDir, 'service.json'), ...(stateHome === null ? [] : [join(stateHome, 'imclr', 'service.json')])]
  const text = `${JSON.stringify(note)}\n`
  for (const path of paths) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.${note.pid}`, text, { mode: 0o600 })
    await rename(`${path}.${note.pid}`, path)
  }
  return async () => {
    for (const path of paths) if ((await readFile(path, 'utf8').catch(() => null)) === text) await rm(path, { force: true })
  }
}
