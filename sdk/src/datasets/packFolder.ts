import { createReadStream } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { ofFullDisk } from './ofFullDisk.js'

/** A folder as an archive of its own. */
export interface PackedFolder {
  archive: string
  name: string
  remove(): Promise<void>
}

/**
 * Packs a folder as a tar in the system's temporary folder, names sorted and times zero, so that the same files give the
 * same bytes and an upload that broke off can go on. Hidden files and links are left out.
 */
export async function packFolder(folder: string): Promise<PackedFolder> {
  const work = await mkdtemp(join(tmpdir(), 'imclr-upload-'))
  const remove = () => rm(work, { recursive: true, force: true })
  const archive = join(work, 'folder.tar')
  try {
    await writeTar(resolve(folder), archive)
  } catch (error) {
    await remove()
    throw ofFullDisk(error, work)
  }
  return { archive, name: `${basename(resolve(folder))}.tar`, remove }
}

async function writeTar(folder: string, archive: string): Promise<void> {
  const tar = pack()
  const output = await open(archive, 'w')
  const written = pipeline(tar, output.createWriteStream())
  const filled = (async () => {
    for (const file of await filesOf(folder)) {
      const { size } = await stat(file)
      const entry = tar.entry({ name: relative(folder, file).split('\\').join('/'), size, mtime: new Date(0), mode: 0o644 })
      await pipeline(createReadStream(file, { end: Math.max(0, size - 1) }), entry)
    }
    tar.finalize()
  })()
  await Promise.all([filled.catch((error: Error) => { tar.destroy(error); throw error }), written])
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, file).split('/').some((part) => part.startsWith('.')))
    .sort()
}
