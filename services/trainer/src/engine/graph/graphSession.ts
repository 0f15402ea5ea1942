import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binding } from '../tf.js'

export type Values = Float32Array | Int32Array | Uint8Array

export interface Feed {
  /** Name of the placeholder. */
  name: string
  shape: number[]
  dtype: number
  values: Values
}

/** A loaded graph with its own variables. Whoever opened it disposes it. */
export interface GraphSession {
  /** Runs the graph once; blocks until it is done. Arrays are lent to TensorFlow during the call, not copied. */
  run(feeds: readonly Feed[], outputs: readonly string[]): Values[]
  dispose(): void
}

/**
 * Loads a SavedModel. It passes through a temporary folder, because the addon loads from disk only; the folder is gone
 * on return.
 */
export function openGraphSession(model: Buffer): GraphSession {
  const folder = mkdtempSync(join(tmpdir(), 'imclr-graph-'))
  let id: number
  try {
    writeFileSync(join(folder, 'saved_model.pb'), model)
    id = binding.loadSavedModel(folder, 'serve')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }

  return {
    run(feeds, outputs) {
      const ids: number[] = []
      try {
        for (const { shape, dtype, values } of feeds) ids.push(binding.createTensor(shape, dtype, values))
        return binding
          .runSavedModel(id, ids, feeds.map(({ name }) => name).join(','), outputs.join(','))
          .map((output) => {
            const values = binding.tensorDataSync(output.id)
            binding.deleteTensor(output.id)
            return values
          })
      } finally {
        for (const tensor of ids) binding.deleteTensor(tensor)
      }
    },
    dispose: () => binding.deleteSavedModel(id),
  }
}
