import { Failure } from './failure.js'

/** Error codes for no space, no quota, and a limit on the size of files. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether an error of the file system says that not one more byte can be written. */
export const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && full.has(String(error.code))

/** The disk that is full. */
export interface FullDisk {
  /** Name of the machine: `os.hostname()`. */
  host: string
  folder: string
}

/**
 * The failure of a full disk. It names the machine, as its hint promises.
 *
 * @param what the thing that could not be written: "the object a/b"
 */
export const diskFull = (what: string, { host, folder }: FullDisk, cause?: unknown): Failure =>
  new Failure(
    'DISK_FULL',
    `no space left for ${what}: the disk of ${folder} on the machine ${host} is full`,
    cause === undefined ? {} : { cause },
  )
