import { networkLimits } from '@imclr/contract'
import { z } from 'zod'

/** The most characters of a name. Paths of models within models are made of names. */
export const longestName = 200

export const config = z.record(z.string(), z.unknown())
export const layerEntry = z.object({
  class_name: z.string().max(100),
  config,
  name: z.string().max(longestName).optional(),
  inbound_nodes: z.unknown().optional(),
})
const layerEntries = z.array(layerEntry).min(1).max(networkLimits.layers)
const use = z.tuple([z.string(), z.number(), z.number()])
// Keras 3 writes a single one without the list.
const end = z.union([use.transform((one) => [one]), z.array(use).length(1)])
export const sequential = z.object({
  class_name: z.literal('Sequential'),
  config: z.preprocess((own) => (Array.isArray(own) ? { layers: own } : own), z.object({ layers: layerEntries })),
})
export const functional = z.object({
  class_name: z.enum(['Model', 'Functional']),
  config: z.object({ layers: layerEntries, input_layers: end, output_layers: end }),
})
export const modelTopology = z.discriminatedUnion('class_name', [sequential, functional])
const keras3Tensor = z
  .object({ class_name: z.literal('__keras_tensor__'), config: z.object({ keras_history: use }) })
  .transform(({ config }) => config.keras_history[0])
const joined = 64 // inputs of one layer, at most
/** One use of a layer, as the names of its inputs: in the form of Keras 2 and TensorFlow.js, or in that of Keras 3. */
export const uses = z.union([
  z
    .array(
      z
        .array(use.rest(z.unknown()).transform(([name]) => name))
        .min(1)
        .max(joined),
    )
    .length(1),
  z
    .array(
      z
        .object({
          args: z
            .array(z.union([keras3Tensor.transform((name) => [name]), z.array(keras3Tensor).min(1).max(joined)]))
            .length(1),
        })
        .transform(({ args }) => args[0]!),
    )
    .length(1),
])
