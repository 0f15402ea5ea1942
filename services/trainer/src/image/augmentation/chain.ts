import { viewsOf, type AugmentChain, type AugmentOperation } from '@imclr/contract'
import { stream, type Stream, type StreamKey } from '../../random/stream.js'
import { augMix } from './augMix.js'
import { autoAugment } from './autoAugment.js'
import { openCanvas, type Canvas } from './canvas.js'
import { cutout } from './cutout.js'
import { erase } from './erase.js'
import { flip } from './flip.js'
import { jitter } from './jitter.js'
import { gaussianNoise } from './noise.js'
import { randAugment } from './randAugment.js'
import { shift } from './shift.js'

interface AugmentImages {
  /** uint8 `[n, height, width, 3]` */
  images: Uint8Array
  /** Which images, in order: `[b]`. */
  places: ArrayLike<number>
  /** From `streams`: one for each step of the chain. */
  random: readonly Stream[]
  /** uint8 `[views, b, height, width, 3]`: with AugMix's loss the image and then its two copies. */
  out: Uint8Array
}

export interface Chain {
  /** Where the draws of each step come from: a stream of its own, so that no step moves the draws of another. */
  streams(key: Omit<StreamKey, 'name' | 'part'> & { name?: 'augment' | 'unlabelled-augment' }): Stream[]
  augment(batch: AugmentImages): void
}

type Apply = (canvas: Canvas, random: Stream) => void
type AugmentName = AugmentOperation['op']
type StepOf<Op extends AugmentName> = Extract<AugmentOperation, { op: Op }>

interface PictureSize {
  height: number
  width: number
}

/** The steps of a chain, made ready for pictures of one size. */
export function openChain(chain: AugmentChain, picture: PictureSize): Chain {
  const canvas = openCanvas(picture.height, picture.width)
  const image = new Uint8Array(canvas.pixels.length)
  const copies = viewsOf(chain) - 1
  const steps = chain.map((step) => prepareStep(step, picture))
  const forAll = copies > 0 ? steps.slice(0, -1) : steps
  const parts = chain.map(({ op }, i) => `${op}${chain.slice(0, i).filter((before) => before.op === op).length}`)

  return {
    streams: (key) => parts.map((part) => stream({ name: 'augment', ...key, part })),
    augment({ images, places, random, out }) {
      const size = image.length
      for (let i = 0; i < places.length; i++) {
        const from = places[i]! * size
        canvas.pixels.set(images.subarray(from, from + size))
        for (let s = 0; s < forAll.length; s++) forAll[s]!(canvas, random[s]!)
        out.set(canvas.pixels, i * size)
        if (copies === 0) continue
        image.set(canvas.pixels)
        for (let copy = 1; copy <= copies; copy++) {
          canvas.pixels.set(image)
          steps.at(-1)!(canvas, random.at(-1)!)
          out.set(canvas.pixels, (copy * places.length + i) * size)
        }
      }
    },
  }
}

/**
 * What each step of the contract does to one picture: a row per name, so that the compiler asks for a new one. The
 * draws of a step are in an order, and mostly of a number, that do not depend on what they decide.
 */
const augmentations: { [Op in AugmentName]: (step: StepOf<Op>, picture: PictureSize) => Apply } = {
  crop: (step, { height, width }) => shiftUpTo(step.padding ?? Math.round(Math.min(height, width) / 8), step.border),
  translate: (step) => shiftUpTo(step.pixels, step.border),
  flip: (step) => (canvas, random) => {
    if (random.uniform() < step.probability) flip(canvas)
  },
  autoaugment: () => autoAugment,
  randaugment: (step) => (canvas, random) => randAugment(canvas, random, step),
  augmix: (step, picture) => augMix(picture, step),
  jitter: (step) => (canvas, random) => jitter(canvas, random, step),
  noise: (step) => gaussianNoise(step.sigma),
  cutout: (step, { height, width }) => {
    const square = { size: step.size ?? Math.min(height, width) >> 1, fill: step.fill }
    return (canvas, random) => cutout(canvas, random, square)
  },
  erase: (step) => (canvas, random) => erase(canvas, random, step),
}

function prepareStep(step: AugmentOperation, picture: PictureSize): Apply {
  // The compiler does not see that `step.op` names the row for this very step.
  const prepare = augmentations[step.op] as (step: AugmentOperation, picture: PictureSize) => Apply
  return prepare(step, picture)
}

/** Every shift of up to `most` pixels each way is equally likely. */
function shiftUpTo(most: number, border: 'zero' | 'reflect'): Apply {
  return (canvas, random) => {
    const top = random.int(2 * most + 1) - most
    const left = random.int(2 * most + 1) - most
    shift(canvas, { top, left, border })
  }
}
