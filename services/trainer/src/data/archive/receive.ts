import { Failure } from '@imclr/contract'
import type { ArchiveSource } from './openArchive.js'

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
 * What a library's or the system's error means for the user. Errors that carry a failure already, and ours, pass.
 * Libraries that read archives throw plain errors without a code, or with one of zlib's.
 */
export function archiveFailure(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error
  const { code } = error as NodeJS.ErrnoException
  const fromReader = error.constructor === Error && (code === undefined || code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE')
  if (!fromReader) return error
  return new Failure('ARCHIVE_UNREADABLE', `${name} cannot be read: it is damaged or cut off (${error.message})`, { cause: error })
}
