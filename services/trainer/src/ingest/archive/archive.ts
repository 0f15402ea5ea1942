/** A file on the local disk, or a part of one, read piece by piece. */
export interface OpenFile {
  bytes: number
  /**
   * `length` bytes from `offset` on, in `scratch` where that is large enough.
   *
   * @throws DamagedFile when the file ends before
   */
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
  /**
   * The whole file, in `scratch` where that is large enough and can be used.
   *
   * @throws DamagedFile when its bytes are not what the archive says
   */
  read(index: number, scratch?: Uint8Array): Promise<Uint8Array>
}

/** An upload on the local disk, readable file by file in any order. */
export interface Archive extends PictureFiles, AsyncDisposable {
  /** 'file': the upload is no archive, but a data set in one file. */
  format: 'zip' | 'tar' | 'tar.gz' | 'file'
  /** Folders that have an entry of their own. An empty folder is known only by such an entry. */
  folders: string[]
  /** How many files were left out as litter, and folders of litter without files (see the notes). */
  ignored: number
  /** A file of any size, to be read piece by piece. @throws DamagedFile when its bytes are not what the archive says */
  open(index: number): Promise<OpenFile>
}

/** The bytes of one file cannot be read, though its archive can. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'
}

export interface ArchiveLimits {
  /** Of all files together, unpacked. */
  maxBytes: number
  /** Entries of any kind, ignored ones too. */
  maxEntries: number
}

/**
 * Limit of a file that is read whole: a picture, a table, a pickle (CIFAR-100's has 155 MB). Larger ones can be read
 * piece by piece.
 */
export const maxFileBytes = 200 * 2 ** 20

/** Above `ratioFrom` bytes no honest file of pictures compresses by more than this factor. */
export const maxRatio = 250
export const ratioFrom = 64 * 2 ** 20
