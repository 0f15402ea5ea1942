import type { TrainingSpec } from '@imclr/contract'
import { buildNetwork } from '@imclr/trainer/networks/testing'

/** What `openTraining` needs of a network of ours whose weights are drawn by the spec's seed. */
export function drawnNetwork({ network, seed: first }: Pick<TrainingSpec, 'network' | 'seed'>, classes: number) {
  const cloneArchitecture = (seed: number) => buildNetwork({ name: network, classes, seed })
  return { network: cloneArchitecture(first), cloneArchitecture }
}
