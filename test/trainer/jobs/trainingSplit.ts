import { join } from 'node:path'
import type { DatasetManifest } from '@imclr/contract'
import { openStore } from '@imclr/storage'
import { loadSplit, readDatasetManifest, type LoadedSplit } from '@imclr/trainer/input/testing'
import { stratifiedOrder } from '@imclr/trainer/random/testing'
import type { Bench } from './harness.js'

/**
 * A version's training images, and the stratified order (subset seed 1) that label budgets and validation parts are cut
 * from.
 */
export async function trainingSplit(
  bench: Bench,
  versionPrefix: string,
): Promise<{ manifest: DatasetManifest; train: LoadedSplit; order: Uint32Array }> {
  const store = await openStore({ kind: 'folder', root: join(bench.folder, 'objects') })
  const manifest = await readDatasetManifest(store, versionPrefix)
  const train = await loadSplit({ store, prefix: versionPrefix, manifest, split: 'train' })
  await store.close()
  return { manifest, train, order: stratifiedOrder(train.labels, manifest.versionId, 1) }
}
