import { Failure, networkHead } from '@imclr/contract'
import { tf, type Layer, type LayersModel } from '../engine/tf.js'
import { actsInTrainingOnly } from './dropoutLayer.js'

/** Weights by layer and name: `stem_conv/kernel`. */
export type NamedWeights = ReadonlyMap<string, { shape: number[]; values: Float32Array }>

/**
 * The layers that can be taken over, and frozen: those that have weights, without the last one, which is made for other
 * classes.
 */
export const bodyLayers = (model: LayersModel): Layer[] =>
  model.layers.filter((layer) => layer.name !== networkHead && !actsInTrainingOnly(layer) && layer.weights.length > 0)

/**
 * Gives a network the weights of another of the same layers; its last layer keeps those that were drawn. Throws Failure
 * ARTIFACT_INVALID where they do not fit.
 */
export function takeWeights(model: LayersModel, weights: NamedWeights): void {
  for (const layer of bodyLayers(model)) {
    tf.tidy(() =>
      layer.setWeights(
        layer.weights.map(({ originalName, shape }) => {
          const found = weights.get(originalName)
          if (found?.shape.join() !== shape.join())
            throw new Failure(
              'ARTIFACT_INVALID',
              `the weights to begin with have ${found ? `[${found.shape.join(', ')}] for` : 'no'} ${originalName}; the network needs [${shape.join(', ')}]`,
            )
          return tf.tensor(found.values, found.shape)
        }),
      ),
    )
  }
}
