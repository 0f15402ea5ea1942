import { access, constants, stat, statfs } from 'node:fs/promises'
import { diskFull, Failure, type FullDisk } from '@imclr/contract'

/** With less free space a store counts as full: the smallest model has 300 KB. */
const leastFreeBytes = 2 ** 20

/**
 * Checks without writing that files could be written into these folders. Throws Failure STORE_UNAVAILABLE or DISK_FULL,
 * or the error of the file system.
 */
export async function checkFolders(disk: FullDisk, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const there = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!there) throw new Failure('STORE_UNAVAILABLE', `${folder} is no folder (any more)`)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK) // throws on a read-only file system
  }
  const { bavail, bsize } = await statfs(disk.folder)
  if (bavail * bsize < leastFreeBytes) throw diskFull('more objects', disk)
}
