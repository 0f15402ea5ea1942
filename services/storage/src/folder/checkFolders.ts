import { access, constants, stat, statfs } from 'node:fs/promises'
import { diskFull, Failure, type FullDisk } from '@imclr/contract'

/** With less nothing is stored that would be worth it: the smallest model has 300 KB. */
const leastFreeBytes = 2 ** 20

/** Whether files could be written into these folders, as far as that can be told without writing. Throws what the file system says, Failure STORE_UNAVAILABLE or DISK_FULL. */
export async function checkFolders(disk: FullDisk, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const there = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!there) throw new Failure('STORE_UNAVAILABLE', `${folder} is no folder (any more)`)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK) // a file system that is read-only says so here
  }
  const { bavail, bsize } = await statfs(disk.folder)
  if (bavail * bsize < leastFreeBytes) throw diskFull('more objects', disk)
}
