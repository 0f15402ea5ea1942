/**
 * What follows from the layers of a network without running it: shapes, parameters, multiply-adds and the smallest
 * image.
 */
import { networkInput, networkLimits, type NetworkLayer } from '@imclr/contract'

/** `[height, width, channels]`, or `[channels]` after a global pooling. */
export type LayerShape = [number, number, number] | [number]

/** Why a layer (`layer` is its name) does not work. */
export class NetworkProblem extends Error {
  constructor(
    readonly layer: string,
    message: string,
    readonly fix: string,
  ) {
    super(message)
  }
}

export interface Side {
  height: number
  width: number
}

/**
 * The output shapes of all layers for one picture, and the picture itself as `images`. Throws NetworkProblem where the
 * picture does not pass a layer.
 */
export function shapesOf(layers: readonly NetworkLayer[], { height, width }: Side): Map<string, LayerShape> {
  const shapes = new Map<string, LayerShape>([[networkInput, [height, width, 3]]])
  for (const layer of layers)
    shapes.set(
      layer.name,
      shapeOf(
        layer,
        layer.inputs.map((name) => shapes.get(name)!),
      ),
    )
  return shapes
}

function shapeOf(layer: NetworkLayer, inputs: LayerShape[]): LayerShape {
  const refuse = (message: string, fix: string): never => {
    throw new NetworkProblem(layer.name, message, fix)
  }
  const input = inputs[0]!
  const joins = layer.kind === 'add' || layer.kind === 'concatenate'
  if (joins !== inputs.length > 1)
    refuse(
      `${layer.kind} takes ${joins ? 'several inputs' : 'one input'}, not ${inputs.length}`,
      'Connect it otherwise',
    )
  const image = (): [number, number, number] =>
    input.length === 3
      ? input
      : refuse(
          `${layer.kind} works on images; its input has been pooled to ${input[0]} values`,
          'Put it before the global pooling',
        )
  /**
   * The output size of a window that slides along height and width. With 'valid' padding it skips positions that do not
   * fit.
   */
  const slide = (
    window: readonly number[],
    strides: readonly number[],
    padding: 'same' | 'valid',
  ): [number, number] => {
    const sides = image()
      .slice(0, 2)
      .map((side, axis) => Math.ceil((side - (padding === 'same' ? 0 : window[axis]! - 1)) / strides[axis]!)) as [
      number,
      number,
    ]
    return Math.min(...sides) > 0
      ? sides
      : refuse(
          `a window of ${window.join(' x ')} does not fit into ${input.slice(0, 2).join(' x ')} pixels`,
          'Use larger images',
        )
  }
  switch (layer.kind) {
    case 'conv2d':
      return [...slide(layer.kernelSize, layer.strides, layer.padding), layer.filters]
    case 'depthwiseConv2d':
      return [...slide(layer.kernelSize, layer.strides, layer.padding), limited(image()[2] * layer.depthMultiplier)]
    case 'maxPooling2d':
    case 'averagePooling2d':
      return [...slide(layer.poolSize, layer.strides, layer.padding), image()[2]]
    case 'zeroPadding2d': {
      const [[top, bottom], [left, right]] = layer.padding
      const [height, width, channels] = image()
      return [height + top + bottom, width + left + right, channels]
    }
    case 'globalAveragePooling2d':
    case 'globalMaxPooling2d':
      return [image()[2]]
    case 'dense':
      return input.length === 1
        ? [layer.units]
        : refuse('a dense layer on an image', 'Put a GlobalAveragePooling2D before it')
    case 'add': {
      const unlike = inputs.find((other) => other.join() !== input.join())
      return unlike
        ? refuse(
            `adds ${input.join(' x ')} and ${unlike.join(' x ')} values`,
            'Use images whose sides the strides divide',
          )
        : input
    }
    case 'concatenate': {
      const unlike = inputs.find((other) => other.slice(0, -1).join() !== input.slice(0, -1).join())
      if (unlike)
        refuse(
          `joins ${input.join(' x ')} and ${unlike.join(' x ')} values`,
          'Use images whose sides the strides divide',
        )
      return [
        ...input.slice(0, -1),
        limited(inputs.reduce((sum, one) => sum + one.at(-1)!, 0)),
      ] as unknown as LayerShape
    }
    case 'batchNormalization':
      image()
      return input
    case 'activation':
    case 'reLU':
    case 'leakyReLU':
    case 'dropout':
      return input
  }
  function limited(channels: number): number {
    return channels <= mostChannels
      ? channels
      : refuse(`it would have ${channels} channels`, `Use at most ${mostChannels}`)
  }
}

const mostChannels = 65_536

/** The shapes of a layer's weights by their names, in TensorFlow.js' order. */
export function weightShapes(layer: NetworkLayer, input: LayerShape): [name: string, shape: number[]][] {
  const channels = input.at(-1)!
  const bias = (units: number): [string, number[]][] => ('useBias' in layer && layer.useBias ? [['bias', [units]]] : [])
  switch (layer.kind) {
    case 'conv2d':
      return [['kernel', [...layer.kernelSize, channels, layer.filters]], ...bias(layer.filters)]
    case 'depthwiseConv2d':
      return [
        ['depthwise_kernel', [...layer.kernelSize, channels, layer.depthMultiplier]],
        ...bias(channels * layer.depthMultiplier),
      ]
    case 'dense':
      return [['kernel', [channels, layer.units]], ...bias(layer.units)]
    case 'batchNormalization':
      return ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((name) => [name, [channels]])
    default:
      return []
  }
}

export interface Measured {
  /** With a last layer of 10 classes. */
  parameters: number
  multiplyAdds: number
  smallestSize: number
}

const largestSide = 256
/** The size and the classes that the numbers of built-in networks are for, too. */
const [measuredAt, classes] = [32, 10]

/** Throws NetworkProblem where images of no size pass the network, or where it exceeds the limits. */
export function measureNetwork(layers: readonly NetworkLayer[], output: string): Measured {
  const smallestSize = firstSide(layers, 1)
  const side = firstSide(layers, measuredAt)
  const shapes = shapesOf(layers, { height: side, width: side })
  const features = shapes.get(output)!
  const [head, weights] = [
    features.at(-1)! * classes,
    new Map(layers.map((layer) => [layer, weightShapes(layer, shapes.get(layer.inputs[0]!)!)])),
  ]
  const size = (shape: readonly number[]) => shape.reduce((product, one) => product * one, 1)
  const trained = [...weights.values()]
    .flat()
    .filter(([name]) => !name.startsWith('moving_'))
    .reduce((sum, [, shape]) => sum + size(shape), 0)
  const products = layers.reduce((sum, layer) => {
    const kernel = weights.get(layer)!.find(([name]) => name.endsWith('kernel'))?.[1]
    const [height, width] = shapes.get(layer.name)!.length === 3 ? shapes.get(layer.name)! : [1, 1]
    return sum + (kernel ? size(kernel) * height * width! : 0)
  }, head)
  const values = [...shapes.values()].reduce((sum, shape) => sum + size(shape), 0)
  const scale = (measuredAt / side) ** 2
  const last = layers.at(-1)!.name
  if (values * scale > networkLimits.activations)
    throw new NetworkProblem(
      last,
      `its layers would hold ${Math.round(values * scale)} values for one 32 x 32 image`,
      `At most ${networkLimits.activations} can be trained; use fewer filters or pool earlier`,
    )
  if (products * scale > networkLimits.multiplyAdds)
    throw new NetworkProblem(
      last,
      `one 32 x 32 image would take ${Math.round(products * scale)} multiply-adds`,
      `At most ${networkLimits.multiplyAdds} can be trained; use fewer filters or pool earlier`,
    )
  return { parameters: trained + head + classes, multiplyAdds: Math.round(products * scale), smallestSize }
}

/** The smallest side from `from` on that passes the network. Sums may need sides that the strides divide. */
function firstSide(layers: readonly NetworkLayer[], from: number): number {
  let problem: NetworkProblem | undefined
  for (let side = from; side <= largestSide; side++) {
    try {
      shapesOf(layers, { height: side, width: side })
      return side
    } catch (error) {
      if (!(error instanceof NetworkProblem)) throw error
      problem = error
    }
  }
  throw new NetworkProblem(problem!.layer, `${problem!.message}, whatever the size of the image`, problem!.fix)
}
