import { stackedUnlabelled } from '@imclr/contract'
import type { SemiSupervised } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { augment } from './augment.js'
import { augmentSettings } from './feed.js'
import type { FeedSpec, TrainingFeed } from './feed.js'
import { drawPartners } from './partners.js'
import { stackPairs } from './stackPairs.js'
import type { Partners } from './stackPairs.js'
import type { UnlabelledImages } from './unlabelledPool.js'

export type UnlabelledFeedSpec = Omit<FeedSpec, 'labelSmoothing'> & { semiSupervised: SemiSupervised }

/**
 * A feed whose batches have unlabelled images beside the labelled ones, which stay as they were: the draws come from streams of their own.
 * The images go round in an order that is new each time; a batch may hold the end of one round and the beginning of the next.
 *
 * Two views of a batch differ by the augmentation alone. Stacked (ImCLR), they are two views of the same ordered pairs: who is stacked on whom
 * is drawn once per step, then each image of each view is augmented on its own.
 */
export function withUnlabelled(feed: TrainingFeed, pool: UnlabelledImages, spec: UnlabelledFeedSpec): TrainingFeed {
  const { count, height, width, images } = pool
  const { seed, stacking, semiSupervised } = spec
  const batchSize = semiSupervised.ratio * feed.batchSize
  const k = stackedUnlabelled(spec)
  const settings = augmentSettings(pool, spec)
  const size = height * width * 3
  const inOrder = Uint32Array.from({ length: batchSize }, (_, i) => i)
  // One class for all: there is no label to be averaged.
  const labels = new Float32Array(batchSize)
  const outs = Array.from({ length: semiSupervised.method === 'pseudo-label' ? 1 : 2 }, () => ({ images: new Uint8Array(k * batchSize * size), labels: new Float32Array(batchSize) }))
  const own = k === 1 ? null : new Uint8Array(batchSize * size)
  const strangers = k > 1 && stacking.pairing === 'independent' ? Array.from({ length: k - 1 }, () => new Uint8Array(batchSize * size)) : []
  let order: { round: number; places: Uint32Array } = { round: -1, places: new Uint32Array() }

  const placesOf = (step: number) => inOrder.map((i) => {
    const at = step * batchSize + i
    const round = Math.floor(at / count)
    if (order.round !== round) order = { round, places: stream({ seed, name: 'unlabelled-shuffle', epoch: round }).permutation(count) }
    return order.places[at % count]!
  })

  /** @param step counted from 0 over all epochs */
  const viewsOf = (step: number): Uint8Array[] => {
    const places = placesOf(step)
    const { stacked, lists } = drawPartners({ seed, name: 'unlabelled-pair', epoch: 0, step, batchSize, count, stacking: { ...stacking, images: k } })
    return outs.map((out, view) => {
      const random = stream({ seed, name: 'unlabelled-augment', index: outs.length * step + view })
      augment({ images, places, random, out: own ?? out.images }, settings)
      if (own === null) return out.images
      const partners = lists.map((list, i): Partners => {
        if (!stacked) return { images: own, labels, places: inOrder }
        if (stacking.pairing === 'permutation') return { images: own, labels, places: list }
        augment({ images, places: list, random, out: strangers[i]! }, settings)
        return { images: strangers[i]!, labels, places: inOrder }
      })
      stackPairs({ images: own, labels, partners, axis: stacking.axis, height, width, classes: 1 }, out)
      return out.images
    })
  }

  return {
    ...feed,
    unlabelled: { batchSize, inputHeight: stacking.axis === 'height' ? k * height : height, inputWidth: stacking.axis === 'width' ? k * width : width },
    batch: (epoch, step) => ({ ...feed.batch(epoch, step), views: viewsOf(epoch * feed.stepsPerEpoch + step) }),
  }
}
