import { hostname } from 'node:os'
import { localError, ServiceError } from '../errors.js'

/**
 * Turns a file system's error about a full disk into one that names the machine and the folder. Returns other errors
 * unchanged.
 */
export function explainFullDisk(error: unknown, folder: string): unknown {
  if (!(error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code))))
    return error
  const message = `no space left for the packed folder: the disk of ${folder} on this machine, ${hostname()}, is full`
  return new ServiceError(
    localError(
      'DISK_FULL',
      message,
      'Free disk space there, set TMPDIR to a folder with more, or pack the folder yourself and upload the archive.',
    ),
    { cause: error },
  )
}
