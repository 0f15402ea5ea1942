import type { Dirent } from 'node:fs'
import type { Note } from '../generated/api.js'
import { BadInputError, localError } from '../errors.js'
import { noteKinds } from '../generated/api.js'

/** Which links in an uploaded folder are followed: those that stay inside it, all of them, or none. */
export type FollowLinks = 'inside' | 'everywhere' | 'nowhere'

interface WalkedFile {
  /** The path that it is read from. */
  source: string
  /** Its path in the archive, with slashes. */
  name: string
  bytes: number
}

export interface Walked {
  files: WalkedFile[]
  emptyFolders: string[]
  notes: Note[]
}

/** Links between folders can reach the same files in far more ways than anybody wants. */
const maxFilesByLinks = 200_000

/**
 * Lists everything in a folder that is to be packed, sorted by name. Hidden files are left out. `followLinks` decides
 * about links; a link to a folder that contains it is never followed. `notes` says what was left out and followed.
 *
 * @throws BadInputError `UNREADABLE` with the file's path, `NAME_NOT_UTF8`, `TOO_MANY_LINKS`
 */
export async function walkFolder(folder: string, followLinks: FollowLinks): Promise<Walked> {
  const { readdir, readlink, realpath, stat } = await import('node:fs/promises')
  const { join, sep } = await import('node:path')
  const root = await realpath(folder)
  const found: Walked = { files: [], emptyFolders: [], notes: [] }
  const note = (code: Note['code'], example: string) => addNote(found.notes, { code, example })
  let byLinks = 0

  const readable = <T>(path: string, work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw new BadInputError(
        localError(
          'UNREADABLE',
          `${path} cannot be read: ${(cause as Error).message}`,
          'Make it readable, or leave it out of the folder.',
        ),
        { cause },
      )
    })
  const take = async (source: string, name: string, throughLink: boolean): Promise<void> => {
    const { size } = await readable(source, stat(source))
    if (throughLink && ++byLinks > maxFilesByLinks)
      throw new BadInputError(
        localError(
          'TOO_MANY_LINKS',
          `Links in ${folder} lead to more than ${maxFilesByLinks} files.`,
          "Set followLinks: 'nowhere', or remove links to whole folders.",
        ),
      )
    found.files.push({ source, name, bytes: size })
  }

  /** @param within the real paths of the folders above: following a link to one of them would never end */
  const walk = async (
    path: string,
    { prefix, within, throughLink }: { prefix: string; within: readonly string[]; throughLink: boolean },
  ): Promise<void> => {
    const entries = await readable(path, readdir(path, { withFileTypes: true }))
    if (entries.length === 0 && prefix !== '') found.emptyFolders.push(prefix)
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = `${prefix}${entry.name}`
      if (entry.name.includes('\ufffd'))
        throw new BadInputError(
          localError(
            'NAME_NOT_UTF8',
            `${join(path, entry.name)} has a name that is not UTF-8.`,
            'Rename it (convmv renames whole folders), or pack the folder and set the option encoding.',
          ),
        )
      if (entry.name.startsWith('.')) note('IGNORED_LITTER', name)
      else if (entry.isSymbolicLink()) await follow(join(path, entry.name), { name, within })
      else await visit(join(path, entry.name), entry, { name, within, throughLink })
    }
  }

  const visit = async (
    path: string,
    kind: Pick<Dirent, 'isFile' | 'isDirectory'>,
    { name, within, throughLink }: { name: string; within: readonly string[]; throughLink: boolean },
  ): Promise<void> => {
    if (kind.isFile()) await take(path, name, throughLink)
    else if (kind.isDirectory()) await walk(path, { prefix: `${name}/`, within: [...within, path], throughLink })
    else note('IGNORED_DOCUMENT', `${name} (neither a file nor a folder)`)
  }

  const follow = async (link: string, { name, within }: { name: string; within: readonly string[] }): Promise<void> => {
    const target = await readable(link, readlink(link))
    const leave = (why: string) => note('LINK_NOT_FOLLOWED', `${name} -> ${target} (${why})`)
    if (followLinks === 'nowhere') return leave("followLinks is 'nowhere'")
    const real = await realpath(link).catch(() => null)
    if (real === null) return leave('it leads to nothing')
    const isInside = real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)
    if (!isInside && followLinks === 'inside') return leave('it leads out of the folder')
    if (within.includes(real)) return leave('it leads to a folder that it lies in')
    note('LINK_FOLLOWED', `${name} -> ${target}`)
    await visit(real, await readable(real, stat(real)), { name, within, throughLink: true })
  }

  await walk(root, { prefix: '', within: [root], throughLink: false })
  found.files.sort((a, b) => (a.name < b.name ? -1 : 1))
  return found
}

const maxExamples = 5

function addNote(notes: Note[], { code, example }: { code: Note['code']; example: string }): void {
  const known = notes.find((one) => one.code === code)
  if (known === undefined) notes.push({ code, message: noteKinds[code], count: 1, examples: [example] })
  else {
    known.count++
    if (known.examples.length < maxExamples) known.examples.push(example)
  }
}

/** Merges two lists of notes: each kind once, in the order of `noteKinds`. */
export function mergeNotes(first: readonly Note[], second: readonly Note[]): Note[] {
  return (Object.keys(noteKinds) as Note['code'][]).flatMap((code) => {
    const both = [...first, ...second].filter((note) => note.code === code)
    if (both.length === 0) return []
    return [
      {
        code,
        message: both[0]!.message,
        count: both.reduce((sum, { count }) => sum + count, 0),
        examples: both.flatMap(({ examples }) => examples).slice(0, maxExamples),
      },
    ]
  })
}
