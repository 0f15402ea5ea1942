import {
  Failure,
  type Calibration,
  type DatasetManifest,
  type EvaluationReport,
  type Predictions,
  type Report,
} from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { readLabels, readShard } from '../input/loadSplit.js'
import { corruptionKinds, type CorruptionName } from '@imclr/contract'
import { tableFor } from '../image/corruption/table.js'
import { measureGrid, type GridCell } from './corruptionGrid.js'
import { chosenRows, type EvaluateOptions } from './measureModel.js'
import { corruptionAgainst } from './reference.js'
import { openSession } from './session.js'

export interface StoredSetOptions extends Pick<
  EvaluateOptions,
  'predict' | 'seed' | 'reference' | 'onProgress' | 'clock' | 'signal' | 'batch' | 'subject'
> {
  store: ObjectStore
  prefix: string
  /** The manifest of a version that has stored cells. */
  manifest: DatasetManifest
  /** Turns a label of the version into the model's number for that class. */
  labelOf: (label: number) => number
  spec: { corruptionImages: number | 'all' | 'none' }
}

export interface StoredEvaluation {
  corruption: NonNullable<EvaluationReport['corruption']>
  calibration: { clean: null; corrupted: Calibration; perSeverity: Report['calibration']['perSeverity'] }
  predictions: Predictions
}

/** Evaluates a model on a stored evaluation set. It reads the pictures shard by shard and makes none. */
export async function evaluateStored(options: StoredSetOptions): Promise<StoredEvaluation> {
  const { store, prefix, manifest, labelOf, spec, seed, reference } = options
  const stored = manifest.storedCells
  if (!stored) throw new Failure('BAD_INPUT', `${manifest.versionId} is no stored evaluation set`)
  if (spec.corruptionImages === 'none')
    throw new Failure(
      'BAD_INPUT',
      'a stored evaluation set has nothing but corrupted images: ask for some (corruptionImages)',
    )
  const all = await readLabels(store, prefix, manifest.splits.test)
  // The same in every cell; the preparation has checked this.
  const labels = all.subarray(0, stored[0]!.count).map(labelOf)
  const rows = chosenRows(labels, spec.corruptionImages, seed)
  const { height, width } = manifest.picture
  const bytes = height * width * 3
  const shards = shardReader(store, prefix, manifest)
  const cells = stored.map(({ corruption, severity, first }): GridCell => {
    const { group, benchmark } = corruptionKinds[corruption as CorruptionName]
    return { corruption, group, benchmark, severity, parameters: {}, pictures: () => shards(rows, first) }
  })
  const session = openSession({
    ...options,
    classes: manifest.classes.length,
    imageBytes: bytes,
    total: cells.length * rows.length,
  })
  const grid = await measureGrid(
    cells,
    Uint16Array.from(rows, (row) => labels[row]!),
    session,
  )
  const { meanError, perSeverity, perCorruption, calibration, predicted } = grid
  const table = tableFor(height, width)
  const block = {
    table,
    stored: true,
    images: rows.length,
    total: labels.length,
    seed,
    frost: 'stored',
    cells: grid.cells,
    meanError,
    perSeverity,
    perCorruption,
    cleanErrorOfSameImages: null,
  }
  return {
    corruption: { ...block, reference: corruptionAgainst(reference, manifest.versionId, block) },
    calibration: { clean: null, ...calibration },
    predictions: {
      versionId: manifest.versionId,
      classes: manifest.classes.length,
      images: labels.length,
      ids: null,
      labels,
      probabilities: new Float32Array(),
      corruption: { seed, table, frost: 'stored' },
      cells: grid.cells.map(({ corruption, severity, benchmark }) => ({ corruption, severity, benchmark })),
      corruptedRows: rows,
      corruptedClasses: predicted,
    },
  }
}

/**
 * Makes a reader for rows of the test split, counted from `first`. It reads shard by shard and keeps the last shard.
 */
function shardReader(store: ObjectStore, prefix: string, { splits: { test }, picture }: DatasetManifest) {
  const bytes = picture.height * picture.width * 3
  let kept: { place: number; pixels: Uint8Array } | null = null
  return async function* (rows: Uint32Array, first: number): AsyncGenerator<Uint8Array> {
    let next = 0
    let start = 0
    for (const [place, shard] of test.shards.entries()) {
      const end = start + shard.count
      const from = next
      while (next < rows.length && first + rows[next]! < end) next++
      if (next > from) {
        if (kept?.place !== place) kept = { place, pixels: await readShard(store, prefix, shard) }
        const out = new Uint8Array((next - from) * bytes)
        for (let i = from; i < next; i++) {
          const at = (first + rows[i]! - start) * bytes
          out.set(kept.pixels.subarray(at, at + bytes), (i - from) * bytes)
        }
        yield out
      }
      start = end
    }
  }
}
