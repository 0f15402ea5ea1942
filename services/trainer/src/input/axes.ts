import type { TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'

export type Axis = 'height' | 'width'

/** Along which axes inputs are stacked: one, or both in turn. Each makes inputs of a size of its own. */
export const axesOf = ({ axis }: Pick<TrainingSpec['stacking'], 'axis'>): readonly Axis[] =>
  axis === 'random' ? ['height', 'width'] : [axis]

/**
 * Which of `axesOf` the batch of a step is stacked along, each equally likely where there are two. From a stream of its
 * own: partners are the same along either.
 */
export function drawAxis(
  { seed, stacking }: Pick<TrainingSpec, 'seed' | 'stacking'>,
  { epoch, step }: { epoch: number; step: number },
): number {
  const { length } = axesOf(stacking)
  return length === 1 ? 0 : stream({ seed, name: 'pair', epoch, index: step, part: 'axis' }).int(length)
}

/** Height and width in pixels of inputs of `k` images, along each of `axesOf`; of one image there is one size. */
export function inputSizesOf(
  k: number,
  stacking: Pick<TrainingSpec['stacking'], 'axis'>,
  { height, width }: { height: number; width: number },
): { height: number; width: number }[] {
  return k === 1
    ? [{ height, width }]
    : axesOf(stacking).map((axis) => (axis === 'height' ? { height: k * height, width } : { height, width: k * width }))
}
