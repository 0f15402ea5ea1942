import { networkLimits, type NetworkLayer, type NetworkWeight } from '@imclr/contract'
import { z } from 'zod'
import { shapesOf, weightShapes } from './measureNetwork.js'
import { TopologyProblem } from './readTopology.js'

const entry = z.object({ name: z.string().max(500), shape: z.array(z.int().positive().max(2 ** 31)).max(8), dtype: z.literal('float32'), quantization: z.undefined().optional() })
const groups = z.array(z.object({ weights: z.array(entry).max(10_000) })).min(1).max(10_000) // paths are not read: the bytes have come already

/**
 * Where in its files a network's weights are, by the `weightsManifest` of its `model.json`. Throws TopologyProblem where one is missing, has
 * another shape, or the bytes are not as many as the manifest says.
 */
export function locateWeights(manifest: unknown, { layers, smallestSize, bytes }: { layers: readonly NetworkLayer[]; smallestSize: number; bytes: number }): NetworkWeight[] {
  const refuse = (path: string, message: string, fix: string): never => { throw new TopologyProblem([{ path, code: 'not_supported', message, fix }]) }
  const parsed = groups.safeParse(manifest)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return refuse(['model.weightsManifest', ...path].join('.').slice(0, 200), message.slice(0, 300), 'Send the model with float32 weights, without quantization')
  }
  const places = new Map<string, { shape: number[]; first: number }>()
  let first = 0
  for (const { name, shape } of parsed.data.flatMap(({ weights }) => weights)) {
    places.set(name, { shape, first })
    first += shape.reduce((product, side) => product * side, 1)
    if (4 * first > networkLimits.weightBytes) return refuse('model.weightsManifest', `Its weights take more than ${networkLimits.weightBytes} bytes, the most of a network`, 'Send a smaller network')
  }
  if (4 * first !== bytes) return refuse('uploadId', `The weights have ${bytes} bytes; model.json describes ${4 * first}`, 'Send all files of the manifest whole, in its order')

  // Converters put the model's own name in front.
  const withoutModel = new Map([...places].map(([name, place]) => [name.slice(name.indexOf('/') + 1), place]))
  const placeOf = (name: string) => places.get(name) ?? withoutModel.get(name)
  const shapes = shapesOf(layers, { height: smallestSize, width: smallestSize })
  return layers.flatMap((layer) => weightShapes(layer, shapes.get(layer.inputs[0]!)!).map(([name, shape]): NetworkWeight => {
    const wanted = `${layer.name}/${name}`
    const place = placeOf(wanted) ?? placeOf(wanted.replace(/\/depthwise_kernel$/, '/kernel')) // the latter in Keras 3
    if (!place) return refuse(`model.${layer.name}`, `There is no weight ${wanted} in the manifest`, 'Save the model again, with its weights')
    if (place.shape.join() !== shape.join()) return refuse(`model.${layer.name}`, `${wanted} has the shape [${place.shape.join(', ')}]; the layer needs [${shape.join(', ')}]`, 'Save the model again')
    return { layer: layer.name, name, shape, first: place.first }
  }))
}
