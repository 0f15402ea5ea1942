import type { TrainJobFile } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { sha256Of } from '../../sha256Of.js'

/** How many checkpoints a job keeps: the newest, and the one before in case that one was damaged. */
export const checkpointsKept = 2

/**
 * A digest of what a checkpoint and the training that resumes from it must share: the recipe, the data, and the use of
 * each image.
 */
export function fingerprint(
  { spec }: Pick<TrainJobFile, 'spec'>,
  data: { contentSha256: string; partsSha256: string },
): string {
  const { limits: _, evaluation: __, execution: ___, ...recipe } = spec
  return sha256Of(JSON.stringify({ recipe, ...data }))
}

export interface CheckpointFolder {
  prefix: string
  step: number
  /** `state.json` is there: it was written to its end. */
  complete: boolean
}

/** The checkpoints under a job's prefix, newest first. */
export async function listCheckpoints(store: ObjectStore, prefix: string): Promise<CheckpointFolder[]> {
  const folders = new Map<string, CheckpointFolder>()
  for await (const { key } of store.list(prefix)) {
    const match = /^(.*?(\d+)-(\d+)\/)(state\.json|state\.bin)$/.exec(key.slice(prefix.length))
    if (!match) continue
    const folder = folders.get(match[1]!) ?? { prefix: prefix + match[1]!, step: Number(match[3]), complete: false }
    folders.set(match[1]!, { ...folder, complete: folder.complete || match[4] === 'state.json' })
  }
  return [...folders.values()].sort((a, b) => b.step - a.step)
}
