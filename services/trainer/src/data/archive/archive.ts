/** A file of an archive; its place in `Archive.files` is what `read` takes. */
export interface ArchiveFile {
  /** Cleaned by `judgePath`: parts joined by '/', none of them '.', '..' or empty. */
  path: string
  bytes: number
}

/** An upload on the local disk, readable file by file in any order. */
export interface Archive extends AsyncDisposable {
  format: 'zip' | 'tar' | 'tar.gz'
  files: ArchiveFile[]
  /** Folders that have an entry of their own: only so can an empty one be told of. */
  folders: string[]
  /** The whole file, in `scratch` where that is large enough and can be used. @throws DamagedFile when its bytes are not what the archive says */
  read(index: number, scratch?: Uint8Array): Promise<Uint8Array>
}

/** A file's bytes cannot be had: the archive is whole, this file in it is not. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'
}

export interface ArchiveLimits {
  /** Of all files together, unpacked. */
  maxBytes: number
  /** Entries of any kind, ignored ones too. */
  maxEntries: number
}

/** A file beyond this is refused unread, the CIFAR archive's batches (31 MB and 154 MB) included in the measure. */
export const maxFileBytes = 200 * 2 ** 20

/** Beyond `ratioFrom` bytes nothing honest that holds pictures shrinks by more than this. */
export const maxRatio = 250
export const ratioFrom = 64 * 2 ** 20
