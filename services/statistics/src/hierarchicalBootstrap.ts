import { seededUniform } from './generator.js'
import { middle95 } from './pairedDifference.js'
import type { Interval } from './wilson.js'

export interface HierarchicalOptions {
  /** Whether row i is the same image for every seed. If not, the images of each seed are drawn separately. */
  sameImages: boolean
  resamples?: number
  seed?: number
}

/**
 * A 95 % interval of a mean over seeds and images. A resample draws both seeds and images with replacement, so the
 * interval tells what other seeds and other test images would have given. If all seeds are measured on the same images,
 * a resample draws the images once for all of its seeds (the two are crossed), so that an image that is hard for every
 * seed counts as one image.
 *
 * With few seeds a bootstrap is too narrow: it sees only about (n - 1) / n of the variance between seeds. The tests
 * print how often the interval holds the true value. Reports show Student's interval over the seeds beside it.
 *
 * @param values per seed one value per image, such as right (second) - right (first)
 * @throws RangeError without seeds or images, or when `sameImages` is true but the seeds have different numbers of
 *   images
 */
export function hierarchicalBootstrap(
  values: readonly ArrayLike<number>[],
  { sameImages, resamples = 4000, seed = 1 }: HierarchicalOptions,
): Interval {
  const seeds = values.length
  if (seeds === 0 || values.some(({ length }) => length === 0))
    throw new RangeError('hierarchicalBootstrap needs at least one seed, and images for each')
  if (sameImages && values.some(({ length }) => length !== values[0]!.length))
    throw new RangeError('the seeds were not measured on the same images')
  const uniform = seededUniform(seed)
  const means = new Float64Array(resamples)
  const draw = sameImages ? crossed(values, uniform) : nested(values, uniform)
  for (let r = 0; r < resamples; r++) means[r] = draw()
  return middle95(means)
}

/**
 * Images with the same values at every seed form one pattern. A resample counts how often each pattern was drawn. So it
 * costs one draw per image, however many seeds there are.
 */
function crossed(values: readonly ArrayLike<number>[], uniform: () => number): () => number {
  const [seeds, images] = [values.length, values[0]!.length]
  const numbers = new Map<string, number>()
  const first: number[] = [] // one image of each pattern
  const patternOf = Uint32Array.from({ length: images }, (_, i) => {
    const key = values.map((own) => own[i]).join()
    let number = numbers.get(key)
    if (number === undefined) {
      numbers.set(key, (number = first.length))
      first.push(i)
    }
    return number
  })
  const counts = new Uint32Array(first.length)
  const times = new Uint32Array(seeds)
  return () => {
    times.fill(0)
    for (let s = 0; s < seeds; s++) times[(uniform() * seeds) | 0]!++
    counts.fill(0)
    for (let i = 0; i < images; i++) counts[patternOf[(uniform() * images) | 0]!]!++
    let sum = 0
    counts.forEach((count, pattern) => {
      if (count === 0) return
      for (let s = 0; s < seeds; s++) sum += count * times[s]! * values[s]![first[pattern]!]!
    })
    return sum / (seeds * images)
  }
}

function nested(values: readonly ArrayLike<number>[], uniform: () => number): () => number {
  const seeds = values.length
  return () => {
    let sum = 0
    for (let s = 0; s < seeds; s++) {
      const own = values[(uniform() * seeds) | 0]!
      let ofSeed = 0
      for (let i = 0; i < own.length; i++) ofSeed += own[(uniform() * own.length) | 0]!
      sum += ofSeed / own.length
    }
    return sum / seeds
  }
}
