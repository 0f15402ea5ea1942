import { networks, type NetworkLayer, type NetworkName } from '@imclr/contract'
import { NetworkProblem, shapesOf, type LayerShape, type Side } from '../network/measureNetwork.js'

/** What decides how much memory a network takes. */
export interface NetworkMemory {
  /** With its last layer. */
  parameters: number
  /** Of all its layers, for one picture. */
  values: (side: Side) => number
  /** Of the largest of its layers. */
  largest: (side: Side) => number
}

/** Values grow with the area of the picture: measured at 32 x 32. */
const areas = ({ height, width }: Side): number => (height * width) / 1024

/** Of one of ours. */
export function ownNetworkMemory(name: NetworkName): NetworkMemory {
  const { parameters, values, largestLayer } = networks[name]
  return { parameters, values: (side) => values * areas(side), largest: (side) => largestLayer * areas(side) }
}

/** Of an uploaded one, by the shapes of its layers. */
export function layersMemory(layers: readonly NetworkLayer[], parameters: number): NetworkMemory {
  const sizes = (side: Side) =>
    [...nearestShapes(layers, side).values()].map((shape) => shape.reduce<number>((product, one) => product * one, 1))
  return {
    parameters,
    values: (side) => sizes(side).reduce((sum, size) => sum + size, 0),
    largest: (side) => Math.max(...sizes(side)),
  }
}

/** Of the size, or, where sides are wanted that strides divide, of the next larger one that goes through. */
function nearestShapes(layers: readonly NetworkLayer[], { height, width }: Side): Map<string, LayerShape> {
  for (let more = 0; more < largestStride; more++) {
    try {
      return shapesOf(layers, { height: height + more, width: width + more })
    } catch (error) {
      if (!(error instanceof NetworkProblem)) throw error
    }
  }
  return new Map()
}

const largestStride = 256
