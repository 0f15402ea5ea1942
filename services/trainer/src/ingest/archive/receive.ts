import { Failure } from '@imclr/contract'
import { DamagedFile } from './archive.js'
import type { ArchiveSource } from './archiveSource.js'

/** The bytes of the upload as they come from the store, counted. */
export async function* receive({ store, key, signal, onBytes }: ArchiveSource): AsyncGenerator<Uint8Array> {
  const { body, bytes } = await store.get(key)
  let done = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    done += (chunk as Uint8Array).length
    onBytes(done, bytes)
    yield chunk as Uint8Array
  }
}

/**
 * Turns what our readers and zlib throw on bad bytes into a failure of the upload. Other errors (a full disk, the
 * signal's reason) stay as they are.
 */
export function archiveFailure(error: unknown, name: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (!(error instanceof DamagedFile) && !(error instanceof Error && code?.startsWith('Z_') === true)) return error
  return new Failure('ARCHIVE_UNREADABLE', `${name} cannot be read: it is damaged or cut off (${error.message})`, {
    cause: error,
  })
}
