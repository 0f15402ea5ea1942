import type { Mix } from '@imclr/contract'
import { drawBeta } from '../../random/gamma.js'
import type { Stream } from '../../random/stream.js'
import { rectangleAround } from './rectangle.js'

/** The draws that decide how one mini-batch is mixed. */
export interface MixDraw {
  op: 'mixup' | 'cutmix'
  /** For each image the one that is mixed into it: `[b]`, a permutation. */
  partners: Uint32Array
  /** The image's own share, before CutMix counts pixels. */
  share: number
  /** Of CutMix's rectangle, in shares of the sides. */
  centre: { y: number; x: number }
}

/** Draws for one mini-batch, whatever the pictures' size; null if the batch stays unmixed. */
export function drawMix(mix: Mix, batchSize: number, random: Stream): MixDraw | null {
  if (mix.op === 'none') return null
  const done = random.uniform() < mix.probability
  const partners = random.permutation(batchSize)
  const centre = { y: random.uniform(), x: random.uniform() }
  const share = drawBeta(random, mix.alpha) // last: the number of its draws varies
  return done ? { op: mix.op, partners, share, centre } : null
}

export interface MixedImages {
  /** uint8 `[views, b, height, width, 3]`: each view is mixed alike. */
  images: Uint8Array
  /** float32 `[b, classes]` */
  labels: Float32Array
  height: number
  width: number
  classes: number
}

/**
 * Mixup (Zhang et al. 2018): share x + (1 - share) partner, rounded to bytes. CutMix (Yun et al. 2019): a rectangle of
 * the partner whose sides are sqrt(1 - share) of the picture's, cut off at the borders, so that the share is counted
 * anew. In place.
 */
export function mixImages(
  { op, partners, share, centre }: MixDraw,
  { images, labels, height, width, classes }: MixedImages,
): void {
  const size = height * width * 3
  const views = images.length / (partners.length * size)
  const before = images.slice()
  const rectangle = rectangleAround(
    { y: Math.floor(centre.y * height), x: Math.floor(centre.x * width) },
    { height: Math.floor(height * Math.sqrt(1 - share)), width: Math.floor(width * Math.sqrt(1 - share)) },
    { height, width },
  )
  const { top, bottom, left, right } = rectangle
  const own = op === 'mixup' ? share : 1 - ((bottom - top) * (right - left)) / (height * width)
  for (let view = 0; view < views; view++) {
    for (let i = 0; i < partners.length; i++) {
      const to = (view * partners.length + i) * size
      const from = (view * partners.length + partners[i]!) * size
      if (op === 'mixup') {
        for (let p = 0; p < size; p++) images[to + p] = own * before[to + p]! + (1 - own) * before[from + p]! + 0.5
        continue
      }
      for (let y = top; y < bottom; y++) {
        const [start, end] = [(y * width + left) * 3, (y * width + right) * 3]
        images.set(before.subarray(from + start, from + end), to + start)
      }
    }
  }
  const labelsBefore = labels.slice()
  for (let i = 0; i < partners.length; i++) {
    for (let c = 0; c < classes; c++)
      labels[i * classes + c] =
        own * labelsBefore[i * classes + c]! + (1 - own) * labelsBefore[partners[i]! * classes + c]!
  }
}
