import { BadInputError, localError } from '../errors.js'
import type { Note } from '../generated/api.js'
import type { FollowLinks } from './walkFolder.js'

/** The bytes to upload. They can be read repeatedly and from any position, because parts may be sent again. */
export interface Source {
  name: string
  bytes: number
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
  /** What packing a folder left out or followed. */
  notes: Note[]
}

/**
 * Opens a file, a folder (which is packed as a tar), a Blob or bytes.
 *
 * @throws BadInputError `NO_SUCH_FILE`, `EMPTY_SOURCE`, and what `packFolder` throws
 */
export async function openSource(
  from: string | URL | Blob | Uint8Array,
  { name, followLinks = 'inside' }: { name?: string; followLinks?: FollowLinks } = {},
): Promise<Source> {
  const source =
    typeof from === 'string' || from instanceof URL
      ? await openPath(from, followLinks)
      : openBlob(from instanceof Uint8Array ? new Blob([from]) : from)
  if (name) source.name = name
  if (source.bytes > 0) return source
  await source.close()
  throw new BadInputError(
    localError('EMPTY_SOURCE', `${source.name} is empty.`, 'Upload an archive or a folder that holds images.'),
  )
}

function openBlob(blob: Blob): Source {
  return {
    name: blob instanceof File ? blob.name : 'upload',
    bytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
    close: async () => {},
    notes: [],
  }
}

async function openPath(path: string | URL, followLinks: FollowLinks): Promise<Source> {
  const [{ stat }, { fileURLToPath }] = await Promise.all([import('node:fs/promises'), import('node:url')])
  const file = path instanceof URL ? fileURLToPath(path) : path
  const found = await stat(file).catch((cause: unknown) => {
    throw new BadInputError(
      localError('NO_SUCH_FILE', `${file} cannot be read: ${(cause as Error).message}`, 'Check the path.'),
      { cause },
    )
  })
  if (!found.isDirectory()) return openFile(file)
  const packed = await (await import('./packFolder.js')).packFolder(file, followLinks)
  const source = await openFile(packed.archive)
  return {
    ...source,
    name: packed.name,
    notes: packed.notes,
    close: async () => {
      await source.close()
      await packed.remove()
    },
  }
}

async function openFile(file: string): Promise<Source> {
  const [{ open }, { basename }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  const handle = await open(file)
  return {
    name: basename(file),
    bytes: (await handle.stat()).size,
    async read(start, end) {
      const buffer = new Uint8Array(end - start)
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
      if (bytesRead < buffer.length)
        throw new BadInputError(
          localError(
            'SOURCE_CHANGED',
            `${file} became shorter while it was read.`,
            'Upload it again when no other program writes to it.',
          ),
        )
      return buffer
    },
    close: () => handle.close(),
    notes: [],
  }
}
