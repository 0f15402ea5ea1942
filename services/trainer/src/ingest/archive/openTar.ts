import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Failure } from '@imclr/contract'
import { DamagedFile, maxFileBytes, maxRatio, ratioFrom } from './archive.js'
import type { Archive } from './archive.js'
import { describeContent } from './describeContent.js'
import { checkBytes, listEntries } from './listEntries.js'
import type { ArchiveSource } from './archiveSource.js'
import { collectEntries } from './rawEntry.js'
import { readTar } from './readTar.js'
import { archiveFailure, receive } from './receive.js'
import { sniff, sniffBytes } from './sniff.js'
import { partOf, writeAll } from './spool.js'

/** Bytes that headers, long names and padding may add per entry. */
const overheadPerEntry = 4096

/** Writes the tar to `file`, unpacked by gunzip where needed, and notes where in it each file lies. */
export async function openTar(
  source: ArchiveSource,
  { file, bytes, gzipped }: { file: string; bytes: number; gzipped: boolean },
): Promise<Archive> {
  const { name, limits, signal } = source
  const handle = await open(file, 'w+')
  try {
    const maxTarBytes = limits.maxBytes + limits.maxEntries * overheadPerEntry
    let written = 0
    const store = async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        await writeAll(handle, chunk, written)
        written += chunk.length
        if (written > maxTarBytes)
          throw new Failure(
            'DATASET_TOO_LARGE',
            `${name} unpacks to more than ${maxTarBytes} bytes; the limit maxBytes is ${limits.maxBytes}`,
          )
        if (gzipped && written > ratioFrom && written > maxRatio * bytes) {
          throw new Failure(
            'ARCHIVE_UNSAFE',
            `${name} unpacks to more than ${maxRatio} times its size: a decompression bomb`,
          )
        }
      }
    }
    if (gzipped) await pipeline(receive(source), createGunzip(), store, { signal })
    else await pipeline(receive(source), store, { signal })
    const whole = partOf(handle, { offset: 0, bytes: written })
    const head = await whole.read(0, Math.min(written, sniffBytes))
    if (sniff(head) !== 'tar' && head.some((byte) => byte !== 0)) {
      throw new Failure(
        'ARCHIVE_UNREADABLE',
        `${name} is packed by gzip, and what is in it is no tar archive but ${describeContent(head)}, by its first bytes: pack the folder as zip or tar.gz`,
      )
    }
    const entries = await collectEntries(readTar(whole), { name, limits, signal, uploadBytes: bytes })
    const listed = await listEntries(entries, source)
    checkBytes(listed.files, { name, limits })
    const offsets = listed.files.map(({ entry }) => entries[entry]!.offset)
    const files = listed.files.map(({ path, bytes: size }) => ({ path, bytes: size }))
    const openAt = (index: number) => partOf(handle, { offset: offsets[index]!, bytes: files[index]!.bytes })
    return {
      format: gzipped ? 'tar.gz' : 'tar',
      files,
      folders: listed.folders,
      ignored: listed.ignored,
      read: async (index, scratch) => {
        const { bytes: size } = files[index]!
        if (size > maxFileBytes) throw new DamagedFile(`it has ${size} bytes, at most ${maxFileBytes} are read`)
        return await openAt(index).read(0, size, scratch)
      },
      open: (index) => Promise.resolve(openAt(index)),
      [Symbol.asyncDispose]: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw archiveFailure(error, name)
  }
}
