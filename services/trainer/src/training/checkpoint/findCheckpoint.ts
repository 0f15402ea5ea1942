import { checkpointState, Failure } from '@imclr/contract'
import type { CheckpointState, TrainingPosition } from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'
import { listCheckpoints } from './layout.js'
import { allFinite, unpackTensors } from './tensorFile.js'
import type { StateTensor } from './tensorFile.js'
import { sha256Of } from '../../sha256Of.js'

export interface FoundCheckpoint {
  position: TrainingPosition
  tensors: StateTensor[]
}

export interface FindCheckpointOptions {
  store: ObjectStore
  prefix: string
  fingerprint: string
  /** Told of each checkpoint that is passed over and removed, and why. */
  onDamaged: (prefix: string, why: string) => void
}

/**
 * The newest checkpoint that is whole and belongs to this training, or null. Damaged ones are removed: they must not
 * count among those that are kept. A store that does not answer is an error, never a damaged checkpoint.
 */
export async function findCheckpoint({
  store,
  prefix,
  fingerprint,
  onDamaged,
}: FindCheckpointOptions): Promise<FoundCheckpoint | null> {
  for (const folder of await listCheckpoints(store, prefix)) {
    const found = await readCheckpoint(store, folder.prefix, fingerprint)
    if (typeof found !== 'string') return found
    onDamaged(folder.prefix, found)
    await store.deletePrefix(folder.prefix)
  }
  return null
}

/** The checkpoint, or what is wrong with it. */
async function readCheckpoint(
  store: ObjectStore,
  folder: string,
  fingerprint: string,
): Promise<FoundCheckpoint | string> {
  const json = await readIfThere(store, keys.checkpointState(folder))
  if (!json) return 'it was not written to its end'
  const state = parseState(json)
  if (!state) return 'state.json is damaged'
  if (state.fingerprint !== fingerprint) return 'it belongs to another training'
  const bytes = await readIfThere(store, keys.checkpointTensors(folder))
  if (!bytes) return 'state.bin is missing'
  if (bytes.length !== state.bytes || sha256Of(bytes) !== state.sha256) return 'state.bin is damaged'
  const { epoch, step, sums, history, endedEarly } = state
  const tensors = unpackTensors(bytes, state.tensors)
  if (!allFinite(tensors)) return 'its weights are not finite numbers' // nothing could come of it but the same again
  return { position: { epoch, step, sums, history, endedEarly }, tensors }
}

function parseState(json: Uint8Array): CheckpointState | null {
  try {
    return checkpointState.parse(JSON.parse(Buffer.from(json).toString()))
  } catch {
    return null
  }
}

async function readIfThere(store: ObjectStore, key: string): Promise<Uint8Array | null> {
  try {
    return await store.read(key)
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_FOUND') return null
    throw error
  }
}
