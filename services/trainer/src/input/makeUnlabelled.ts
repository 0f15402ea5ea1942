import { stackedUnlabelled } from '@imclr/contract'
import type { AugmentChain, TrainingSpec } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { openChain } from '../image/augmentation/chain.js'
import { axesOf, inputSizesOf } from './axes.js'
import { drawPartners, goesByClass, withinBatch } from './partners.js'
import { stackPairs } from './stackPairs.js'
import type { Partners } from './stackPairs.js'
import type { UnlabelledImages } from './unlabelledPool.js'

export interface UnlabelledShape {
  /** Inputs of a step. */
  batchSize: number
  /** Augmentations of each image: two whose predictions are to agree, or one. */
  views: 1 | 2
  /** Pixels of an input: one size for each axis that inputs are stacked along. */
  inputSizes: readonly { height: number; width: number }[]
}

export type UnlabelledSpec = Pick<TrainingSpec, 'mode' | 'seed' | 'augment' | 'stacking'> & {
  semiSupervised: NonNullable<TrainingSpec['semiSupervised']>
}

export interface UnlabelledMaker {
  shape: UnlabelledShape
  /**
   * Fills each view (uint8 `[batchSize, h, w, 3]`).
   * @param step counted from 0 over all epochs
   * @param along which of the axes the step's inputs are stacked along
   */
  make(step: number, into: readonly Uint8Array[], along: number): void
}

/**
 * Makes the unlabelled images of a step. They are a function of the spec and the step alone and have streams of their
 * own. All images are used once before any is used again, in a new order each round; a batch may hold the end of one
 * round and the beginning of the next.
 *
 * Two views of a batch differ by the augmentation alone. Stacked (ImCLR), they are two views of the same ordered pairs:
 * the pairs are drawn once per step, then each image of each view is augmented on its own.
 *
 * @param labelled how many labelled inputs come with them
 */
export function unlabelledMaker(
  { count, height, width, images }: UnlabelledImages,
  spec: UnlabelledSpec,
  labelled: number,
): UnlabelledMaker {
  const { seed, semiSupervised } = spec
  const batchSize = semiSupervised.ratio * labelled
  const k = stackedUnlabelled(spec)
  const shape: UnlabelledShape = {
    batchSize,
    views: semiSupervised.method === 'pseudo-label' ? 1 : 2,
    inputSizes: inputSizesOf(k, spec.stacking, { height, width }),
  }
  const chain = openChain(withoutCopies(spec.augment), { height, width })
  // Unlabelled images have no class, so pairing by class becomes pairing with any image.
  const pairing = goesByClass(spec.stacking.pairing) ? 'independent' : spec.stacking.pairing
  const stacking = { ...spec.stacking, images: k, pairing }
  const allocate = () => new Uint8Array(batchSize * height * width * 3)
  const unstacked = k > 1 ? allocate() : null
  const partnerBatches = k > 1 && !withinBatch(pairing) ? Array.from({ length: k - 1 }, allocate) : []
  const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i)
  // One class for all: there is no label to be averaged.
  const labels = new Float32Array(batchSize)
  const meanLabels = new Float32Array(batchSize)
  let order: { round: number; places: Uint32Array } = { round: -1, places: new Uint32Array() }

  const placesOf = (step: number) =>
    inOrder.map((i) => {
      const at = step * batchSize + i
      const round = Math.floor(at / count)
      if (order.round !== round)
        order = { round, places: stream({ seed, name: 'unlabelled-shuffle', epoch: round }).permutation(count) }
      return order.places[at % count]!
    })

  const make = (step: number, into: readonly Uint8Array[], along: number) => {
    const places = placesOf(step)
    const drawn =
      k === 1 ? null : drawPartners({ seed, name: 'unlabelled-pair', epoch: 0, step, batchSize, count, stacking })
    into.forEach((view, which) => {
      const random = chain.streams({ seed, name: 'unlabelled-augment', index: shape.views * step + which })
      const own = unstacked ?? view
      chain.augment({ images, places, random, out: own })
      if (drawn === null) return
      const partners = drawn.lists.map((list, i): Partners => {
        if (!drawn.stacked) return { images: own, labels, places: inOrder }
        const partnerBatch = partnerBatches[i]
        if (!partnerBatch) return { images: own, labels, places: list }
        chain.augment({ images, places: list, random, out: partnerBatch })
        return { images: partnerBatch, labels, places: inOrder }
      })
      stackPairs(
        {
          images: own,
          labels,
          partners,
          positions: drawn.positions,
          axis: axesOf(spec.stacking)[along]!,
          height,
          width,
          classes: 1,
        },
        { images: view, labels: meanLabels },
      )
    })
  }
  return { shape, make }
}

/** AugMix's loss needs labelled images with two copies each; here one copy takes the image's place. */
const withoutCopies = (chain: AugmentChain): AugmentChain =>
  chain.map((step) => (step.op === 'augmix' ? { ...step, jsd: 0 } : step))
