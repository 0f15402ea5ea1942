import type { DatasetManifest } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { putFile } from './writeSplit.js'

export interface WriteFolds {
  store: ObjectStore
  prefix: string
  /** Places in the layout's items. */
  folds: readonly (readonly number[])[]
  /** Training images in shard order, as such places. */
  train: Uint32Array
}

/**
 * Writes `folds.json`: for each fold the positions of its images in the training split. Images that were left out are
 * in none.
 */
export async function writeFolds({ store, prefix, folds, train }: WriteFolds): Promise<DatasetManifest['folds']> {
  const positions = new Map(Array.from(train, (index, position) => [index, position]))
  const lists = folds.map((fold) => fold.flatMap((index) => positions.get(index) ?? []))
  return putFile(store, prefix, {
    path: 'folds.json',
    bytes: Buffer.from(JSON.stringify(lists)),
    contentType: 'application/json',
  })
}
