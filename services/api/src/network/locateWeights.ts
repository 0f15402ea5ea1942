import { networkLimits, type NetworkLayer, type NetworkWeight } from '@imclr/contract'
import { z } from 'zod'
import { shapesOf, weightShapes } from './measureNetwork.js'
import { maxDepth } from './flatten.js'
import { TopologyProblem } from './readTopology.js'

const entry = z.object({
  name: z.string().max(500),
  shape: z
    .array(
      z
        .int()
        .positive()
        .max(2 ** 31),
    )
    .max(8),
  dtype: z.literal('float32'),
  quantization: z.undefined().optional(),
})
const groups = z
  .array(z.object({ weights: z.array(entry).max(10_000) }))
  .min(1)
  .max(10_000) // paths are not read: the bytes have arrived already

/** Where a weight lies: its first value, counted in float32. */
interface WeightSlot {
  shape: number[]
  first: number
}

const ownNames = 'Give every layer a name of its own, in models within the model too, and save it again'

/**
 * Finds where a network's weights lie in its files, by the `weightsManifest` of its `model.json`. Throws
 * TopologyProblem where a weight is missing or has another shape, and where the number of bytes is not that of the
 * manifest.
 */
export function locateWeights(
  manifest: unknown,
  { layers, smallestSize, bytes }: { layers: readonly NetworkLayer[]; smallestSize: number; bytes: number },
): NetworkWeight[] {
  const refuse = (path: string, message: string, fix: string): never => {
    throw new TopologyProblem([{ path, code: 'not_supported', message, fix }])
  }
  const parsed = groups.safeParse(manifest)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return refuse(
      ['model.weightsManifest', ...path].join('.').slice(0, 200),
      message.slice(0, 300),
      'Send the model with float32 weights, without quantization',
    )
  }
  // Weights by their name as it is written, and without the first model in it, without the first two, ...: Keras writes
  // some of them, TensorFlow.js none.
  const slots = Array.from({ length: maxDepth + 2 }, () => new Map<string, WeightSlot[]>())
  let first = 0
  for (const { name, shape } of parsed.data.flatMap(({ weights }) => weights)) {
    let rest = name
    for (const named of slots) {
      const same = named.get(rest)
      if (same) same.push({ shape, first })
      else named.set(rest, [{ shape, first }])
      if (!rest.includes('/')) break
      rest = rest.slice(rest.indexOf('/') + 1)
    }
    first += shape.reduce((product, side) => product * side, 1)
    if (4 * first > networkLimits.weightBytes)
      return refuse(
        'model.weightsManifest',
        `Its weights take more than ${networkLimits.weightBytes} bytes, the most of a network`,
        'Send a smaller network',
      )
  }
  if (4 * first !== bytes)
    return refuse(
      'uploadId',
      `The weights have ${bytes} bytes; model.json describes ${4 * first}`,
      'Send all files of the manifest whole, in its order',
    )

  const slotsOf = (name: string) => slots.find((named) => named.has(name))?.get(name) ?? []
  const shapes = shapesOf(layers, { height: smallestSize, width: smallestSize })
  const taken = new Set<number>()
  return layers.flatMap((layer) =>
    weightShapes(layer, shapes.get(layer.inputs[0]!)!).map(([name, shape]): NetworkWeight => {
      const wanted = `${layer.name}/${name}`
      const found =
        // Keras 3 writes the second name
        [wanted, wanted.replace(/\/depthwise_kernel$/, '/kernel')].map(slotsOf).find(({ length }) => length > 0) ?? []
      const [slot] = found
      if (found.length > 1)
        return refuse(
          `model.${layer.name}`,
          `${wanted} stands ${found.length} times in the manifest, so its layer is ambiguous`,
          ownNames,
        )
      if (!slot) {
        const bare = wanted.split('/').slice(-2).join('/')
        if (bare !== wanted && slotsOf(bare).length > 0)
          return refuse(
            `model.${layer.name}`,
            `Layers of several models have the name ${bare.split('/')[0]}, and the manifest does not say whose ${bare} is`,
            ownNames,
          )
        return refuse(
          `model.${layer.name}`,
          `There is no weight ${wanted} in the manifest`,
          'Save the model again, with its weights',
        )
      }
      if (taken.has(slot.first))
        return refuse(`model.${layer.name}`, `${wanted} is the weight of another layer in the manifest`, ownNames)
      taken.add(slot.first)
      if (slot.shape.join() !== shape.join())
        return refuse(
          `model.${layer.name}`,
          `${wanted} has the shape [${slot.shape.join(', ')}]; the layer needs [${shape.join(', ')}]`,
          'Save the model again',
        )
      return { layer: layer.name, name, shape, first: slot.first }
    }),
  )
}
