import { augmentChain, mix, type AugmentOperation } from '@imclr/contract'
import type { z } from 'zod'
import { describe, expect, it } from 'vitest'
import {
  openChain,
  type Canvas,
  cutout,
  erase,
  flip,
  jitter,
  drawMix,
  mixImages,
  type MixDraw,
  roundedNormal,
  operations,
  hue,
  shift,
} from '@imclr/trainer/image/testing'
import { drawBeta, drawDirichlet, drawGamma, stream, xoshiro128, type Stream } from '@imclr/trainer/random/testing'
import { testImage } from './testImages.js'

const random = (index = 0) => stream({ seed: 4, name: 'augment', index })
const canvasOf = (pixels: Uint8Array, height: number, width: number): Canvas => ({
  height,
  width,
  pixels: pixels.slice(),
  spare: new Uint8Array(pixels.length).fill(99),
})
const filled = (height: number, width: number, value: number) =>
  canvasOf(new Uint8Array(height * width * 3).fill(value), height, width)
/** Pixels whose three channels are v, v + 100 and v + 200; null is black. */
const pixels = (...values: (number | null)[]) =>
  Uint8Array.from(values.flatMap((v) => (v === null ? [0, 0, 0] : [v, v + 100, v + 200])))
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length
const variance = (values: ArrayLike<number>) => {
  const middle = mean(values)
  return mean(Array.from(values, (value) => (value - middle) ** 2))
}

describe('crops and mirrors, by hand', () => {
  // 2 x 3:  1 2 3
  //         4 5 6
  const image = pixels(1, 2, 3, 4, 5, 6)
  const crop = (top: number, left: number, mirror: boolean, border: 'zero' | 'reflect' = 'zero') => {
    const canvas = canvasOf(image, 2, 3)
    shift(canvas, { top, left, border })
    if (mirror) flip(canvas)
    return canvas.pixels
  }
  it('from black', () => {
    expect(crop(0, 0, false)).toEqual(image)
    expect(crop(0, 0, true)).toEqual(pixels(3, 2, 1, 6, 5, 4))
    expect(crop(1, 0, false)).toEqual(pixels(4, 5, 6, null, null, null))
    expect(crop(-1, 1, false)).toEqual(pixels(null, null, null, 2, 3, null))
    expect(crop(0, -1, true)).toEqual(pixels(2, 1, null, 5, 4, null))
    expect(crop(-1, 1, true)).toEqual(pixels(null, null, null, null, 3, 2))
    expect(crop(4, 4, false)).toEqual(new Uint8Array(18))
  })
  it('from the mirrored picture', () => {
    expect(crop(0, -2, false, 'reflect')).toEqual(pixels(3, 2, 1, 6, 5, 4))
    expect(crop(1, 1, false, 'reflect')).toEqual(pixels(5, 6, 5, 2, 3, 2))
  })
  it('every offset and flip equally often', () => {
    const chain = openChain(augmentChain.parse([{ op: 'crop', padding: 1 }, 'flip']), { height: 2, width: 3 })
    const counts = new Map<string, number>()
    const out = new Uint8Array(18)
    const draws = chain.streams({ seed: 1 })
    for (let i = 0; i < 18_000; i++) {
      chain.augment({ images: image, places: [0], random: draws, out })
      counts.set(out.join(), (counts.get(out.join()) ?? 0) + 1)
    }
    expect(counts.size).toBe(18)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(40.79) // 17 degrees of freedom, p = 0.001
  })
})

/** Which pixels of a white picture are no longer white, as rows of text. */
const holes = ({ height, width, pixels: bytes }: Canvas) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      bytes.subarray((y * width + x) * 3, (y * width + x) * 3 + 3).every((value) => value === 255) ? '.' : '#',
    ).join(''),
  )
const told = (...ints: number[]): Stream => ({ ...xoshiro128([1, 2, 3, 4]), int: () => ints.shift()! })

describe('cutout', () => {
  it('is a square about a pixel, cut off at the border', () => {
    const at = (y: number, x: number, size: number) => {
      const canvas = filled(5, 6, 255)
      cutout(canvas, told(y, x), { size, fill: 7 })
      expect(canvas.pixels.every((value) => value === 255 || value === 7)).toBe(true)
      return holes(canvas)
    }
    expect(at(2, 3, 2)).toEqual(['......', '..##..', '..##..', '......', '......'])
    expect(at(0, 5, 4)).toEqual(['...###', '...###', '......', '......', '......'])
    expect(at(4, 0, 5)).toEqual(['......', '......', '##....', '##....', '##....'])
  })
  it('covers the expected area for a uniform centre: 14 x 14 pixels for a square of 16 on a side of 32', () => {
    const draws = random()
    const shares = Array.from({ length: 4000 }, () => {
      const canvas = filled(32, 32, 255)
      cutout(canvas, draws, { size: 16, fill: 0 })
      return canvas.pixels.filter((value) => value === 0).length / 3
    })
    // The square reaches 8 before its centre and 7 after it: along one side 14.0 pixels of 16 are inside on average.
    const along = Array.from({ length: 32 }, (_, centre) => Math.min(32, centre + 8) - Math.max(0, centre - 8))
    const expected = mean(along) ** 2
    expect(Math.abs(mean(shares) - expected)).toBeLessThan(4 * Math.sqrt(variance(shares) / 4000))
  })
})

describe('random erasing', () => {
  const settings = { probability: 0.5, smallest: 0.1, largest: 0.3, aspect: 0.5, fill: 0 } as const
  it('is a rectangle inside of the picture, with the area, aspect and probability of the spec', () => {
    const draws = random(1)
    let done = 0
    const areas: number[] = []
    const logs: number[] = []
    for (let i = 0; i < 1500; i++) {
      const canvas = filled(40, 40, 255)
      erase(canvas, draws, settings)
      const rows = holes(canvas)
      const marked = rows.filter((row) => row.includes('#'))
      if (marked.length === 0) continue
      done++
      const wide = marked[0]!.split('#').length - 1
      expect(marked.every((row) => row === marked[0] && row.includes('#'.repeat(wide)))).toBe(true)
      areas.push((marked.length * wide) / 1600)
      logs.push(Math.log(marked.length / wide))
    }
    expect(done / 1500).toBeCloseTo(0.5, 1)
    expect(Math.min(...areas)).toBeGreaterThan(0.085)
    expect(Math.max(...areas)).toBeLessThan(0.32)
    expect(mean(areas)).toBeCloseTo(0.2, 2)
    expect(mean(logs)).toBeCloseTo(0, 1)
    expect(variance(logs)).toBeCloseTo((2 * Math.log(2)) ** 2 / 12, 1)
  })
  it('fills with uniform noise by choice', () => {
    const canvas = filled(64, 64, 255)
    erase(canvas, random(2), { ...settings, probability: 1, smallest: 0.5, largest: 0.5, aspect: 1, fill: 'noise' })
    const inside = canvas.pixels.filter((value) => value !== 255)
    expect(inside.length).toBeGreaterThan(5900)
    expect(mean(inside)).toBeCloseTo(127, -1)
    expect(Math.sqrt(variance(inside))).toBeCloseTo(73.6, -0.5)
  })
})

describe('jitter', () => {
  it('is the four operations in the drawn order with the drawn factors', () => {
    const image = testImage(16, 16, 0)
    const uniforms = [0.9, 0.25, 0, 0.7]
    const canvas = canvasOf(image, 16, 16)
    const draws = {
      ...xoshiro128([1, 2, 3, 4]),
      permutation: () => Uint32Array.of(3, 1, 0, 2),
      uniform: () => uniforms.shift()!,
    }
    jitter(canvas, draws, { brightness: 0.5, contrast: 0.4, saturation: 1, hue: 0.1 })
    const expected = canvasOf(image, 16, 16)
    hue(expected, 0.04)
    operations.contrast(expected, 0.8)
    operations.brightness(expected, 1.4)
    operations.color(expected, 0)
    expect(canvas.pixels).toEqual(expected.pixels)
  })
})

describe('noise', () => {
  it.each([
    [1, 1],
    [10.2, 1],
    [40, 1],
  ])('of deviation %f has the probabilities of a rounded normal', (sigma) => {
    const table = roundedNormal(sigma)
    expect(mean(table)).toBe(0)
    // A rounded value has 1/12 more variance; the tail beyond 4.3 deviations is missing.
    expect(variance(table) / (sigma ** 2 + 1 / 12)).toBeCloseTo(1, 3)
    const fourth = mean(Array.from(table, (value) => value ** 4)) / variance(table) ** 2
    expect(fourth).toBeGreaterThan(2.9)
    expect(fourth).toBeLessThan(3.05)
    // P(|x| <= sigma), from a table of the normal distribution, for a whole sigma: P(|z| < (sigma + 1/2) / sigma).
    if (sigma === 1) expect(table.filter((value) => Math.abs(value) <= 1).length / 65536).toBeCloseTo(0.866386, 4)
    if (sigma === 40) expect(table.filter((value) => Math.abs(value) <= 40).length / 65536).toBeCloseTo(0.688697, 3)
  })
  it('is added to each value on its own, and cut off', () => {
    const step = augmentChain.parse([{ op: 'noise', sigma: 0.04 }])
    const run = (value: number) => {
      const chain = openChain(step, { height: 64, width: 64 })
      const out = new Uint8Array(64 * 64 * 3)
      chain.augment({
        images: new Uint8Array(out.length).fill(value),
        places: [0],
        random: chain.streams({ seed: 1 }),
        out,
      })
      return out
    }
    const middle = run(128)
    expect(mean(middle)).toBeCloseTo(128, 0)
    expect(Math.sqrt(variance(middle))).toBeCloseTo(Math.sqrt(10.2 ** 2 + 1 / 12), 0)
    expect(
      Math.abs(mean(Array.from(middle.subarray(1), (value, i) => (value - 128) * (middle[i]! - 128)))),
    ).toBeLessThan(4) // neighbours: 104 / sqrt(12288) = 0.94
    expect(run(0).filter((value) => value === 0).length / middle.length).toBeCloseTo(0.52, 1)
    expect(run(255).filter((value) => value === 255).length / middle.length).toBeCloseTo(0.52, 1)
  })
})

describe('Gamma, Beta and Dirichlet draws', () => {
  it.each([0.3, 1, 2.5])('of shape %f have their moments', (shape) => {
    const draws = random(5)
    const gammas = Array.from({ length: 20_000 }, () => drawGamma(draws, shape))
    expect(Math.abs(mean(gammas) - shape)).toBeLessThan(4 * Math.sqrt(shape / 20_000))
    expect(variance(gammas) / shape).toBeCloseTo(1, 0.5)
    const betas = Array.from({ length: 20_000 }, () => drawBeta(draws, shape))
    expect(mean(betas)).toBeCloseTo(0.5, 1.5)
    expect(variance(betas)).toBeCloseTo(1 / (4 * (2 * shape + 1)), 2)
    const row = new Float64Array(3)
    const firsts = Array.from({ length: 10_000 }, () => {
      drawDirichlet(draws, shape, row)
      expect(row[0]! + row[1]! + row[2]!).toBeCloseTo(1, 12)
      return row[0]!
    })
    expect(mean(firsts)).toBeCloseTo(1 / 3, 1.5)
    expect(variance(firsts)).toBeCloseTo(2 / 9 / (3 * shape + 1), 2)
  })
  it('stay valid for an alpha so small that every draw underflows to 0', () => {
    const row = new Float64Array(3)
    drawDirichlet(random(6), 1e-6, row)
    expect(mean(row)).toBeCloseTo(1 / 3, 12)
    expect([0, 1]).toContain(Math.round(drawBeta(random(7), 1e-6)))
  })
})

describe('mixing', () => {
  const draw = (change: Partial<MixDraw>): MixDraw => ({
    op: 'mixup',
    partners: Uint32Array.of(1, 2, 0),
    share: 0.75,
    centre: { y: 0.5, x: 0.5 },
    ...change,
  })
  /** Three pictures of one colour, 4 x 4, and three classes. */
  const batch = (height = 4, width = 4) => ({
    images: Uint8Array.from([10, 100, 250].flatMap((value) => Array<number>(height * width * 3).fill(value))),
    labels: Float32Array.of(1, 0, 0, 0, 1, 0, 0.5, 0, 0.5),
    height,
    width,
    classes: 3,
  })

  it('Mixup, by hand: pixels and labels in one share, rounded', () => {
    const one = batch()
    mixImages(draw({}), one)
    // 32.5, 137.5, 190
    expect([0, 48, 96].map((at) => [...new Set(one.images.subarray(at, at + 48))])).toEqual([[33], [138], [190]])
    expect([...one.labels]).toEqual([0.75, 0.25, 0, 0.125, 0.75, 0.125, 0.625, 0, 0.375])
  })

  it('CutMix, by hand: a rectangle of sqrt(1 - share) of the sides, the label by its area', () => {
    const one = batch()
    mixImages(draw({ op: 'cutmix' }), one) // 2 x 2 about (2, 2)
    const rows = (image: number) =>
      Array.from({ length: 4 }, (_, y) =>
        Array.from({ length: 4 }, (_, x) => one.images[image * 48 + (y * 4 + x) * 3 + 1]),
      )
    expect(rows(0)).toEqual([
      [10, 10, 10, 10],
      [10, 100, 100, 10],
      [10, 100, 100, 10],
      [10, 10, 10, 10],
    ])
    expect(rows(2)[1]).toEqual([250, 10, 10, 250])
    expect([...one.labels.subarray(0, 3)]).toEqual([0.75, 0.25, 0])
    const corner = batch()
    // A quarter of it is left: 1 x 2 pixels, at the top right
    mixImages(draw({ op: 'cutmix', centre: { y: 0, x: 0.99 } }), corner)
    expect(corner.images.filter((value, i) => i < 48 && value === 100)).toHaveLength(6)
    expect([...corner.labels.subarray(0, 3)]).toEqual([0.875, 0.125, 0])
  })

  it('mixes all views of an image alike', () => {
    const one = batch()
    const twice = { ...batch(), images: Uint8Array.from([...one.images, ...one.images.map((value) => value + 1)]) }
    const single = batch()
    mixImages(draw({ op: 'cutmix' }), twice)
    mixImages(draw({ op: 'cutmix' }), single)
    expect(twice.images).toEqual(Uint8Array.from([...single.images, ...single.images.map((value) => value + 1)]))
    expect(twice.labels).toEqual(single.labels)
  })

  it('draws permutations, uniform shares and centres, and leaves the right share of batches unmixed', () => {
    const draws = random(8)
    const all = Array.from({ length: 4000 }, () => drawMix(mix.parse('cutmix'), 6, draws))
    const done = all.filter((one) => one !== null)
    expect(done.length / all.length).toBeCloseTo(0.5, 1)
    for (const { partners } of done.slice(0, 50)) expect([...partners].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(mean(done.map(({ share }) => share))).toBeCloseTo(0.5, 1)
    expect(variance(done.map(({ share }) => share))).toBeCloseTo(1 / 12, 2)
    expect(variance(done.map(({ centre }) => centre.y))).toBeCloseTo(1 / 12, 2)
    expect(drawMix(mix.parse('none'), 6, draws)).toBeNull()
    expect(Array.from({ length: 20 }, () => drawMix(mix.parse('mixup'), 6, draws))).not.toContain(null)
  })
})

describe('a chain', () => {
  const images = Uint8Array.from([...testImage(16, 16, 0), ...testImage(16, 16, 1), ...testImage(16, 16, 2)])
  const size = 16 * 16 * 3
  const run = (chain: z.input<typeof augmentChain>, places = [2, 0, 1]) => {
    const parsed: AugmentOperation[] = augmentChain.parse(chain)
    const opened = openChain(parsed, { height: 16, width: 16 })
    const last = parsed.at(-1)
    const out = new Uint8Array((last?.op === 'augmix' && last.jsd > 0 ? 3 : 1) * places.length * size)
    opened.augment({ images, places, random: opened.streams({ seed: 2, epoch: 1, index: 3 }), out })
    return out
  }
  const every = [
    'crop',
    'flip',
    'translate',
    'autoaugment',
    'randaugment',
    'jitter',
    'noise',
    'cutout',
    'erase',
    'augmix',
  ] as const

  it('that is empty copies', () => {
    expect(run([])).toEqual(Uint8Array.from([...images.subarray(2 * size), ...images.subarray(0, 2 * size)]))
  })
  it.each(every)('%s changes pictures and leaves those it is given alone', (op) => {
    const before = images.slice()
    expect(run([op]).subarray(op === 'augmix' ? 3 * size : 0)).not.toEqual(run([]))
    expect(images).toEqual(before)
  })
  it('draws the same for a step with and without the other steps', () => {
    // A hole of 3 in the empty chain's pictures and in changed ones: at the same places.
    const [hole, plain] = [{ op: 'cutout', fill: 3 } as const, run([])]
    const cut = run([hole]).map((value, i) => Number(value === 3 && plain[i] !== 3))
    const [changed, both] = [run(['jitter', 'autoaugment']), run(['jitter', 'autoaugment', hole])]
    cut.forEach((inside, i) => {
      if (inside === 1) expect(both[i]).toBe(3)
    })
    expect(both.filter((value, i) => value !== changed[i] && value !== 3)).toHaveLength(0)
    expect(run(['crop', { op: 'flip', probability: 0 }, { op: 'erase', probability: 0 }])).toEqual(run(['crop']))
    expect(run(['crop', 'flip', { op: 'augmix' }]).subarray(0, 3 * size)).toEqual(run(['crop', 'flip']))
  })
  it('gives two steps of the same name different draws', () => {
    const count = (out: Uint8Array) => out.filter((value) => value === 3).length
    const hole = { op: 'cutout', size: 4, fill: 3 } as const
    expect(count(run([hole, hole]))).toBeGreaterThan(count(run([hole])))
  })
  it('with AugMix gives the image and two copies, or one in its place', () => {
    const three = run(['flip', 'augmix'])
    const [image, first, second] = [0, 1, 2].map((view) => three.subarray(view * 3 * size, (view + 1) * 3 * size))
    expect(image).toEqual(run(['flip']))
    expect(first).not.toEqual(image)
    expect(second).not.toEqual(first)
    expect(run(['flip', { op: 'augmix', jsd: 0 }]).subarray(0, size)).toEqual(first!.subarray(0, size))
  })
})
