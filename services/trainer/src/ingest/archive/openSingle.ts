import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { DamagedFile, maxFileBytes } from './archive.js'
import type { Archive } from './archive.js'
import { sanitizePath } from './sanitizePath.js'
import type { ArchiveSource } from './archiveSource.js'
import { receive } from './receive.js'
import { partOf } from './spool.js'

/** Writes an upload that is a data set in one file (Parquet, .mat) to `file`: an archive of one. */
export async function openSingle(source: ArchiveSource, file: string): Promise<Archive> {
  await pipeline(receive(source), createWriteStream(file), { signal: source.signal })
  const handle = await open(file, 'r')
  const { size: bytes } = await handle.stat()
  const whole = partOf(handle, { offset: 0, bytes })
  const name = sanitizePath(source.name)
  return {
    format: 'file',
    files: [{ path: name.kind === 'use' ? name.path : 'upload', bytes }],
    folders: [],
    ignored: 0,
    read: async (_, scratch) => {
      if (bytes > maxFileBytes) throw new DamagedFile(`it has ${bytes} bytes, at most ${maxFileBytes} are read`)
      return await whole.read(0, bytes, scratch)
    },
    open: () => Promise.resolve(whole),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}
