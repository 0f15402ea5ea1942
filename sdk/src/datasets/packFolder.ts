import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { BadInputError, localError } from '../errors.js'
import type { Note } from '../generated/api.js'
import { ofFullDisk } from './ofFullDisk.js'
import { walkFolder, type FollowLinks, type Walked } from './walkFolder.js'

/** A folder as an archive of its own. */
export interface PackedFolder {
  archive: string
  name: string
  /** What was left out and followed. */
  notes: Note[]
  remove(): Promise<void>
}

/**
 * Packs a folder as a tar in the system's temporary folder, names sorted and times zero, so that the same files give the
 * same bytes and an upload that broke off can go on. Hidden files are left out; links are followed as asked.
 *
 * @throws BadInputError `EMPTY_SOURCE` that says why, and what `walkFolder` throws; ServiceError `DISK_FULL`
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
    throw ofFullDisk(error, work)
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
        `${path} holds no files but links that were not followed: ${links.examples.join(', ')}${more}.`,
        "Upload with followLinks: 'everywhere' to have them followed, or give the folder that the files are in.",
      ),
    )
  }
  const hidden = notes.find(({ code }) => code === 'IGNORED_LITTER')
  if (hidden !== undefined)
    return new BadInputError(
      localError(
        'EMPTY_SOURCE',
        `${path} holds hidden files alone (${hidden.examples.join(', ')}), which are left out.`,
        'Rename them without the dot, or give the folder that the pictures are in.',
      ),
    )
  return new BadInputError(
    localError('EMPTY_SOURCE', `${path} holds no files.`, 'Give the folder that the pictures are in.'),
  )
}

async function writeTar({ files, emptyFolders }: Walked, archive: string): Promise<void> {
  const tar = pack()
  const output = await open(archive, 'w')
  const written = pipeline(tar, output.createWriteStream())
  const mtime = new Date(0)
  const filled = (async () => {
    // A class without pictures is told of, not forgotten.
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
