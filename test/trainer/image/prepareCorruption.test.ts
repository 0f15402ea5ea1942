import { describe, expect, it } from 'vitest'
import { corruptionKinds, corruptionNames, severities, type CorruptionName } from '@imclr/contract'
import {
  prepareCorruption,
  type Batch,
  type CorruptionSettings,
  corruptions,
  tableFor,
} from '@imclr/trainer/image/testing'
import { stream } from '@imclr/trainer/random/testing'
import { testImage } from './testImages.js'

const side = 32
const size = side * side * 3
const settings = {
  height: side,
  width: side,
  seed: 3,
  jpeg: async ({ bytes }: { bytes: Uint8Array }) => bytes.map((value) => value ^ 1),
}
const grey = (count: number, level: number) => ({ images: new Uint8Array(count * size).fill(level), count })

function pictures(count: number): Uint8Array {
  const images = new Uint8Array(count * size)
  for (let i = 0; i < count; i++) images.set(testImage(side, side, i), i * size)
  return images
}

/** One batch of one cell. */
const corrupt = ({ images, count, indices, ...cell }: CorruptionSettings & Batch) =>
  prepareCorruption(cell)({ images, count, ...(indices && { indices }) })

/** Mean and standard deviation of values / 255. */
function moments(values: ArrayLike<number>) {
  let sum = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    sum += values[i]! / 255
    squares += (values[i]! / 255) ** 2
  }
  const mean = sum / values.length
  return { mean, deviation: Math.sqrt(squares / values.length - mean * mean) }
}

/** Correlation of the values of two images' worth of differences from their source. */
function correlation(a: number[], b: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  const covariance = mean(a.map((value, i) => (value - ma) * (b[i]! - mb)))
  return covariance / Math.sqrt(mean(a.map((value) => (value - ma) ** 2)) * mean(b.map((value) => (value - mb) ** 2)))
}

describe('the grid', () => {
  it('has the 15 corruptions of the benchmark in its order, and 4 extra ones', () => {
    expect(corruptionNames.filter((name) => corruptionKinds[name].benchmark)).toEqual(
      (
        'gaussian_noise shot_noise impulse_noise defocus_blur glass_blur motion_blur zoom_blur snow frost fog ' +
        'brightness contrast elastic_transform pixelate jpeg_compression'
      ).split(' '),
    )
    expect(corruptionNames.filter((name) => !corruptionKinds[name].benchmark)).toEqual([
      'speckle_noise',
      'gaussian_blur',
      'spatter',
      'saturate',
    ])
    expect(new Set(corruptionNames.map((name) => corruptions[name].number)).size).toBe(19)
  })

  it('chooses the table by the shorter side', () => {
    expect(
      [
        [16, 16],
        [48, 200],
        [49, 49],
        [128, 130],
        [129, 300],
      ].map(([height, width]) => tableFor(height!, width!)),
    ).toEqual(['32', '32', '64', '64', '224'])
  })
})

describe('every corruption', () => {
  it.each(corruptionNames)(
    '%s gives an image the same noise whatever the batch, another one with another seed',
    async (name) => {
      const images = pictures(6)
      const given = images.slice()
      const all = await corrupt({ ...settings, name, severity: 3, images, count: 6 })
      const some = await corrupt({
        ...settings,
        name,
        severity: 3,
        images: images.subarray(2 * size),
        count: 3,
        indices: [2, 3, 4],
      })
      expect(Buffer.compare(some, all.subarray(2 * size, 5 * size))).toBe(0)
      expect(Buffer.compare(images, given)).toBe(0)
      expect(Buffer.compare(all, given)).not.toBe(0)
      const again = await corrupt({ ...settings, name, severity: 3, images, count: 6, seed: 4 })
      const isRandom = ![
        'defocus_blur',
        'zoom_blur',
        'brightness',
        'contrast',
        'pixelate',
        'jpeg_compression',
        'gaussian_blur',
        'saturate',
      ].includes(name)
      expect(Buffer.compare(again, all) !== 0).toBe(isRandom)
    },
  )

  it.each(corruptionNames)('%s works on small and on oblong images', async (name) => {
    for (const [height, width] of [
      [16, 16],
      [17, 40],
      [70, 52],
    ] as const) {
      const images = testImage(height, width, 1)
      for (const severity of severities) {
        const out = await corrupt({ ...settings, height, width, name, severity, images, count: 1 })
        expect(out).toHaveLength(images.length)
      }
    }
  })
})

describe('the noises in moments', () => {
  const count = 20
  const cases: { name: CorruptionName; level: number; deviation: number }[] = [
    { name: 'gaussian_noise', level: 128, deviation: 0.1 },
    { name: 'shot_noise', level: 128, deviation: Math.sqrt(128 / 255 / 50) },
    { name: 'speckle_noise', level: 100, deviation: (0.2 * 100) / 255 },
  ]
  it.each(cases)(
    '$name has the mean of the image and the deviation of its formula',
    async ({ name, level, deviation }) => {
      const { images } = grey(count, level)
      const out = await corrupt({ ...settings, name, severity: 5, images, count })
      const found = moments(out)
      const n = out.length
      // Cutting off to bytes lowers the mean by half a level.
      expect(Math.abs(found.mean - (level - 0.5) / 255)).toBeLessThan((4 * deviation) / Math.sqrt(n) + 0.0003)
      expect(found.deviation / deviation).toBeGreaterThan(0.98)
      expect(found.deviation / deviation).toBeLessThan(1.02)
      const changes = Array.from(out, (value) => value - level)
      expect(Math.abs(correlation(changes.slice(0, -1), changes.slice(1)))).toBeLessThan(4 / Math.sqrt(n))
      expect(Math.abs(correlation(changes.slice(0, size), changes.slice(size, 2 * size)))).toBeLessThan(
        4 / Math.sqrt(size),
      )
    },
  )

  it('impulse noise turns its share of values to black and white, half each', async () => {
    const many = 4 * count
    const { images } = grey(many, 99)
    for (const severity of severities) {
      const share = corruptions.impulse_noise.parameters('32', severity)['amount']!
      const out = await corrupt({ ...settings, name: 'impulse_noise', severity, images, count: many })
      const black = out.filter((value) => value === 0).length / out.length
      const white = out.filter((value) => value === 255).length / out.length
      const spread = 4 * Math.sqrt(share / 2 / out.length)
      expect(Math.abs(black - share / 2)).toBeLessThan(spread)
      expect(Math.abs(white - share / 2)).toBeLessThan(spread)
      expect(out.filter((value) => value !== 0 && value !== 99 && value !== 255)).toHaveLength(0)
    }
  })
})

describe('frost', () => {
  it('changes a grey image by its structure', async () => {
    const { images } = grey(8, 100)
    const out = await corrupt({ ...settings, name: 'frost', severity: 5, images, count: 8 })
    expect(moments(out).deviation).toBeGreaterThan(0.02)
  })

  it('adds the weighted picture of frost to the weighted image', () => {
    const { images } = grey(1, 100)
    const white = { bytes: new Uint8Array(400 * 400 * 3).fill(200), height: 400, width: 400 }
    const { parameters, prepare } = corruptions.frost
    const out = new Uint8Array(size)
    prepare!(parameters('32', 5), { height: side, width: side, frost: () => [white] })(
      images,
      out,
      stream({ seed: 3, name: 'corrupt' }),
    )
    expect(new Set(out)).toEqual(new Set([Math.floor(0.75 * 100 + 0.45 * 200)]))
  })
})

describe('bad input', () => {
  it('is refused by name', async () => {
    expect(() => prepareCorruption({ height: 32, width: 32, seed: 1, name: 'jpeg_compression', severity: 1 })).toThrow(
      /JPEG codec/,
    )
    await expect(
      corrupt({ ...settings, name: 'fog', severity: 1, images: new Uint8Array(5), count: 1 }),
    ).rejects.toThrow(/need 3072 bytes/)
  })
})
