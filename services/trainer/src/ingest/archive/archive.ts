/** A file on the local disk, or a part of one, read piece by piece. */
export interface OpenFile {
  bytes: number
  /** `length` bytes from `offset` on, in `scratch` where that is large enough. @throws DamagedFile when the file ends before */
  read(offset: number, length: number, scratch?: Uint8Array): Promise<Uint8Array>
}

/** A file of an archive; its place in `Archive.files` is what `read` takes. */
export interface ArchiveFile {
  /** Cleaned by `sanitizePath`: parts joined by '/', none of them '.', '..' or empty. */
  path: string
  bytes: number
}

/** Pictures as files, readable in any order by their place in `files`. */
export interface PictureFiles {
  files: ArchiveFile[]
  /** The whole file, in `scratch` where that is large enough and can be used. @throws DamagedFile when its bytes are not what the archive says */
  read(index: number, scratch?: Uint8Array): Promise<Uint8Array>
}

/** An upload on the local disk, readable file by file in any order. */
export interface Archive extends PictureFiles, AsyncDisposable {
  /** 'file': the upload is no archive, but a data set in one file. */
  format: 'zip' | 'tar' | 'tar.gz' | 'file'
  /** Folders that have an entry of their own: only so can an empty one be told of. */
  folders: string[]
  /** Files that were left out as litter, and folders of it without files (see the notes). */
  ignored: number
  /** A file of any size, to be read piece by piece. @throws DamagedFile when its bytes are not what the archive says */
  open(index: number): Promise<OpenFile>
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

/** Of a file that is read whole: a picture, a table, a pickle (CIFAR-100's has 155 MB). Larger ones can be opened and read piece by piece. */
export const maxFileBytes = 200 * 2 ** 20

/** Beyond `ratioFrom` bytes nothing honest that holds pictures shrinks by more than this. */
export const maxRatio = 250
export const ratioFrom = 64 * 2 ** 20
