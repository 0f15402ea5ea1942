import { checkpointState, Failure } from '@imclr/contract'
import type { CheckpointState, TrainingPosition } from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'
import { checkpointsKept, listCheckpoints } from './layout.js'
import { allFinite, packTensors } from './tensorFile.js'
import type { StateTensor } from './tensorFile.js'
import { sha256Of } from '../../sha256Of.js'

export interface CheckpointOwner {
  store: ObjectStore
  prefix: string
  jobId: string
  attempt: number
  fingerprint: string
}

export interface WrittenCheckpoint {
  key: string
  epoch: number
  step: number
  bytes: number
  sha256: string
}

/**
 * Writes a training's state, reads it back, and only then removes the older ones: at any moment a whole checkpoint is
 * there.
 * @throws Failure LOSS_NOT_FINITE when a value is not finite: such a state is worth nothing, and the checkpoint before
 * stays
 * @throws Failure STORE_UNAVAILABLE when what is read back is not what was written
 */
export async function writeCheckpoint(
  owner: CheckpointOwner,
  position: TrainingPosition,
  tensors: readonly StateTensor[],
): Promise<WrittenCheckpoint> {
  if (!allFinite(tensors))
    throw new Failure(
      'LOSS_NOT_FINITE',
      `after step ${position.step}, in epoch ${position.sums.steps === 0 ? position.epoch : position.epoch + 1}, the weights, their averages or the optimiser's means are not finite numbers`,
    )
  const { store, prefix, jobId, attempt, fingerprint } = owner
  const { epoch, step } = position
  const folder = keys.checkpoint(prefix, position)
  const [tensorsKey, stateKey] = [keys.checkpointTensors(folder), keys.checkpointState(folder)]
  const bytes = packTensors(tensors)
  const sha256 = sha256Of(bytes)
  const layout = tensors.map(({ name, shape }) => ({ name, shape }))
  const state: CheckpointState = {
    schemaVersion: 1,
    jobId,
    attempt,
    fingerprint,
    ...position,
    tensors: layout,
    bytes: bytes.length,
    sha256,
  }
  const json = Buffer.from(JSON.stringify(checkpointState.parse(state)))

  // A state.json that was there before (an attempt that fell behind wrote the same step) must not vouch for
  // half-written tensors.
  await store.delete([stateKey])
  await store.put(tensorsKey, bytes, { contentType: 'application/octet-stream', sha256, bytes: bytes.length })
  await store.put(stateKey, json, { contentType: 'application/json', sha256: sha256Of(json), bytes: json.length })
  const arrived = await Promise.all([store.read(tensorsKey), store.read(stateKey)])
  if (sha256Of(arrived[0]) !== sha256 || sha256Of(arrived[1]) !== sha256Of(json)) {
    throw new Failure(
      'STORE_UNAVAILABLE',
      `the checkpoint ${folder} read back from the object store is not what was written`,
    )
  }
  await removeOlder(store, prefix)
  return { key: stateKey, epoch, step, bytes: bytes.length, sha256 }
}

async function removeOlder(store: ObjectStore, prefix: string): Promise<void> {
  const folders = await listCheckpoints(store, prefix)
  const kept = folders.filter(({ complete }) => complete).slice(0, checkpointsKept)
  const oldest = kept.at(-1)
  if (!oldest) return
  const older = folders.filter(({ step }) => step < oldest.step)
  await Promise.all(older.map((folder) => store.deletePrefix(folder.prefix)))
}
