import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { BadInputError, localError } from '../errors.js'
import type { Note } from '../generated/api.js'
import { explainFullDisk } from './explainFullDisk.js'
import { walkFolder, type FollowLinks, type Walked } from './walkFolder.js'

/** A folder, packed as an archive. */
export interface PackedFolder {
  archive: string
  name: string
  /** Which files were left out and which links were followed. */
  notes: Note[]
  remove(): Promise<void>
}

/**
 * Packs a folder as a tar in the system's temporary folder. Names are sorted and times are zero: the same files give
 * the same bytes, so an interrupted upload can continue. Hidden files are left out; `followLinks` decides about links.
 *
 * @throws BadInputError `EMPTY_SOURCE` with the reason, and what `walkFolder` throws; ServiceError `DISK_FULL`
 */
export async function packFolder(folder: string, followLinks: FollowLinks): Promise<PackedFolder> {
  const path = resolve(folder)
  const walked = await walkFolder(path, followLinks)
  if (walked.files.length === 0) throw empty(path, walked)
  const work = await mkdtemp(join(tmpdir(), 'imclr-upload-'))
  const remove = () => rm(work, { recursive: true, force: true })
  const archive = join(work, 'folder.tar')
  try {
    await writeTar(walked, archive)
  } catch (error) {
    await remove()
    throw explainFullDisk(error, work)
  }
  return { archive, name: `${basename(path)}.tar`, notes: walked.notes, remove }
}

function empty(path: string, { notes }: Walked): BadInputError {
  const links = notes.find(({ code }) => code === 'LINK_NOT_FOLLOWED')
  if (links !== undefined) {
    const more = links.count > links.examples.length ? ` and ${links.count - links.examples.length} more` : ''
    return new BadInputError(
      localError(
        'EMPTY_SOURCE',
        `${path} holds only links that were not followed: ${links.examples.join(', ')}${more}.`,
        "Upload with followLinks: 'everywhere' to follow them, or give the folder that holds the files.",
      ),
    )
  }
  const hidden = notes.find(({ code }) => code === 'IGNORED_LITTER')
  if (hidden !== undefined)
    return new BadInputError(
      localError(
        'EMPTY_SOURCE',
        `${path} holds only hidden files (${hidden.examples.join(', ')}), which are left out.`,
        'Rename them without the dot, or give the folder that holds the pictures.',
      ),
    )
  return new BadInputError(
    localError('EMPTY_SOURCE', `${path} holds no files.`, 'Give the folder that holds the pictures.'),
  )
}

async function writeTar({ files, emptyFolders }: Walked, archive: string): Promise<void> {
  const tar = pack()
  const output = await open(archive, 'w')
  const written = pipeline(tar, output.createWriteStream())
  const mtime = new Date(0)
  const filled = (async () => {
    // The service reports a class without pictures, so its empty folder is packed too.
    for (const name of emptyFolders) tar.entry({ name, type: 'directory', mtime, mode: 0o755 })
    for (const { source, name, bytes } of files) {
      const entry = tar.entry({ name, size: bytes, mtime, mode: 0o644 })
      const content = createReadStream(source, { end: Math.max(0, bytes - 1) })
      await pipeline(content, entry).catch((cause: NodeJS.ErrnoException) => {
        if (cause.path === undefined) throw cause
        throw new BadInputError(
          localError(
            'UNREADABLE',
            `${source} cannot be read: ${cause.message}`,
            'Make it readable, or leave it out of the folder.',
          ),
          { cause },
        )
      })
    }
    tar.finalize()
  })()
  await Promise.all([
    filled.catch((error: Error) => {
      tar.destroy(error)
      throw error
    }),
    written,
  ])
}
