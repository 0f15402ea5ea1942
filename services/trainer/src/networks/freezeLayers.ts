import { Failure, matchesLayer, type TrainingSpec } from '@imclr/contract'
import type { LayersModel } from '../engine/tf.js'
import { bodyLayers } from './takeWeights.js'

/**
 * Keeps layers as they are: they have no gradient, no state of the optimiser and no weight decay, and batch
 * normalisation keeps its statistics and normalises by them. Returns their names. Throws Failure BAD_INPUT if a pattern
 * matches no layer.
 */
export function freezeLayers(model: LayersModel, freeze: NonNullable<TrainingSpec['fineTune']>['freeze']): string[] {
  const layers = bodyLayers(model)
  const patterns = freeze === 'all-but-head' ? ['*'] : freeze
  const unknown = patterns.filter((pattern) => !layers.some(({ name }) => matchesLayer(pattern, name)))
  if (unknown.length > 0)
    throw new Failure(
      'BAD_INPUT',
      `no layer is called ${unknown.join(', ')}; there are ${layers.map(({ name }) => name).join(', ')}`,
    )
  const frozen = layers.filter(({ name }) => patterns.some((pattern) => matchesLayer(pattern, name)))
  for (const layer of frozen) layer.trainable = false
  return frozen.map(({ name }) => name)
}
