import { openFolderStore, type FolderStoreConfig } from './folder/folderStore.js'
import type { ObjectStore } from './objectStore.js'
import type { S3StoreConfig } from './s3/s3Store.js'

export type StoreConfig = ({ kind: 'folder' } & FolderStoreConfig) | ({ kind: 's3' } & S3StoreConfig)

/** Opens the store without asking it anything; `check` tells whether it answers. */
export async function openStore(config: StoreConfig): Promise<ObjectStore> {
  if (config.kind === 'folder') return openFolderStore(config)
  // Loading the AWS SDK takes a good part of a second, which a process with a folder store saves.
  const { openS3Store } = await import('./s3/s3Store.js')
  return openS3Store(config)
}
