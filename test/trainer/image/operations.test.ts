import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Sampling,
  augMix,
  augMixArgument,
  autoAugment,
  cifar10Policy,
  type Canvas,
  flip,
  hue,
  argumentOf,
  onGray,
  operations,
  type OperationName,
  randAugmentOperations,
  shift,
} from '@imclr/trainer/image/testing'
import { drawBeta, drawDirichlet, stream, xoshiro128 } from '@imclr/trainer/random/testing'
import { requirePart } from '../../support/parts.js'
import { python, type OracleArray } from '../../support/python.js'
import { testImage } from './testImages.js'
import { noise } from '../ingest/uploads.js'

const canvasOf = (pixels: Uint8Array, height: number, width: number): Canvas => ({
  height,
  width,
  pixels: pixels.slice(),
  spare: new Uint8Array(pixels.length).fill(99),
})

/** Sharp and smooth pictures, noise, one of a single colour, one of two levels; square and not, of odd sides too. */
const pictures = [
  { height: 32, width: 32, pixels: testImage(32, 32, 0) },
  { height: 32, width: 32, pixels: noise(3, 32 * 32 * 3) },
  { height: 27, width: 40, pixels: testImage(27, 40, 1) },
  { height: 33, width: 21, pixels: noise(4, 33 * 21 * 3).map((value) => 60 + (value >> 2)) },
  { height: 16, width: 16, pixels: new Uint8Array(16 * 16 * 3).fill(77) },
  { height: 9, width: 10, pixels: new Uint8Array(9 * 10 * 3).map((_, i) => (i % 7 === 0 ? 200 : 10)) },
]

const factors = [0, 0.1, 0.37, 0.64, 1, 1.3, 1.9, 2.7]
const lengths = [-14.5, -6.4, -3, -0.5, 0, 0.49, 0.5, 2, 5.6, 14.5, 40]
const shears = [-0.3, -0.1, -0.033, 0, 0.05, 0.17, 0.3]
const values: Record<Exclude<OperationName, 'identity'>, number[]> = {
  shearX: shears,
  shearY: shears,
  translateX: lengths,
  translateY: lengths,
  rotate: [-90, -30, -13.3, -3, 0, 0.4, 6.7, 20, 30, 45, 180],
  autocontrast: [0],
  equalize: [0],
  invert: [0],
  posterize: [1, 2, 3, 4, 5, 6, 7, 8],
  solarize: [0, 28.4, 110, 128, 227.6, 256],
  brightness: factors,
  color: factors,
  contrast: factors,
  sharpness: factors,
}
const moved: OperationName[] = ['shearX', 'shearY', 'translateX', 'translateY', 'rotate']

const fixture = JSON.parse(readFileSync(join(import.meta.dirname, 'torchvision.json'), 'utf8')) as {
  policy: [string, number, number | null][][]
  autoaugment: Record<string, number | number[]>
  randaugment: Record<string, number | number[]>
  image: number[]
  hue: { turns: number; pixels: number[] }[]
}
const ourName = (theirs: string) =>
  ({ AutoContrast: 'autocontrast' })[theirs] ?? theirs[0]!.toLowerCase() + theirs.slice(1)

describe.skipIf(!requirePart('python'))('operations against Pillow at equal parameters, byte by byte', () => {
  const cases: { name: string; what: string; ours: Uint8Array }[] = []
  const theirs: Uint8Array[] = []

  beforeAll(() => {
    const requests: object[] = []
    const arrays: OracleArray[] = pictures.map(({ pixels, height, width }) => ({
      data: pixels,
      shape: [height, width, 3],
    }))
    const add = (name: string, request: object, canvas: Canvas, image: number) => {
      requests.push({ name, image, ...request })
      cases.push({ name, what: `${name} ${JSON.stringify(request)} of picture ${image}`, ours: canvas.pixels })
    }
    pictures.forEach(({ pixels, height, width }, image) => {
      for (const [name, list] of Object.entries(values) as [OperationName, number[]][]) {
        const samplings: Sampling[] = moved.includes(name) ? [onGray, { filter: 'bilinear', fill: 0 }] : [onGray]
        for (const sampling of samplings) {
          for (const value of list) {
            const canvas = canvasOf(pixels, height, width)
            operations[name](canvas, value, sampling)
            add(name, { value, sampling }, canvas, image)
          }
        }
      }
      for (const border of ['zero', 'reflect'] as const) {
        for (const [top, left] of [
          [0, 0],
          [1, 0],
          [-2, 3],
          [4, -4],
          [-4, -4],
          [8, 7],
          [-8, 0],
        ] as const) {
          const canvas = canvasOf(pixels, height, width)
          shift(canvas, { top, left, border })
          add('shift', { top, left, border }, canvas, image)
        }
      }
      const mirrored = canvasOf(pixels, height, width)
      flip(mirrored)
      add('flip', { value: 0, sampling: onGray }, mirrored, image)
      // AugMix: the same draws, read here in its order; Pillow does the chains and numpy the mixture.
      for (const [index, options] of [
        { severity: 3, width: 3, depth: null, alpha: 1, operations: 'standard' },
        { severity: 10, width: 2, depth: 4, alpha: 0.4, operations: 'all' },
      ].entries()) {
        const settings = options as Parameters<typeof augMix>[1]
        const random = () => stream({ seed: 8, name: 'augment', epoch: image, index })
        const canvas = canvasOf(pixels, height, width)
        augMix({ height, width }, settings)(canvas, random())
        const draws = random()
        const weights = new Float64Array(settings.width)
        drawDirichlet(draws, settings.alpha, weights)
        const share = drawBeta(draws, settings.alpha)
        const names: OperationName[] = [
          'autocontrast',
          'equalize',
          'posterize',
          'rotate',
          'solarize',
          'shearX',
          'shearY',
          'translateX',
          'translateY',
        ]
        if (settings.operations === 'all') names.push('color', 'contrast', 'brightness', 'sharpness')
        const chains = Array.from(weights, () =>
          Array.from({ length: settings.depth ?? 1 + draws.int(3) }, () => {
            const name = names[draws.int(names.length)]!
            const level = 0.1 + draws.uniform() * (settings.severity - 0.1)
            return [
              name,
              augMixArgument(name, level, { sign: draws.bits() >= 2 ** 31 ? 1 : -1, picture: { height, width } }),
            ]
          }),
        )
        add(
          'augmix',
          { weights: [...weights], share, chains, sampling: { filter: 'bilinear', fill: 0 } },
          canvas,
          image,
        )
      }
    })
    theirs.push(...python<null>('augmentation.py', requests, arrays).arrays.map(({ data }) => data as Uint8Array))
  })

  it.each([...Object.keys(values), 'shift', 'flip', 'augmix'])('%s', (name) => {
    expect(cases.some((one) => one.name === name)).toBe(true)
    cases.forEach(({ name: own, what, ours }, i) => {
      if (own !== name) return
      const worst = ours.reduce((most, value, p) => Math.max(most, Math.abs(value - theirs[i]![p]!)), 0)
      // AugMix adds in single precision, numpy in double: a half may be rounded the other way.
      expect(worst, what).toBeLessThanOrEqual(name === 'augmix' ? 1 : 0)
    })
  })
})

describe('against torchvision', () => {
  it('AutoAugment has its policy for CIFAR-10, step by step', () => {
    const needsNone = new Set(['autocontrast', 'equalize', 'invert'])
    const reduced = (steps: readonly (readonly [string, number, number | null])[]) =>
      steps.map(([name, probability, level]) => [name, probability, needsNone.has(name) ? null : level])
    expect(cifar10Policy.map(reduced)).toEqual(
      fixture.policy.map((pair) =>
        reduced(pair.map(([name, probability, level]) => [ourName(name), probability, level] as const)),
      ),
    )
  })

  it.each([
    ['autoaugment', 9],
    ['randaugment', 10],
  ] as const)('%s has its magnitudes', (set, top) => {
    const picture = { height: 40, width: 32 }
    for (const [theirName, magnitudes] of Object.entries(fixture[set])) {
      const name = ourName(theirName) as OperationName
      if (typeof magnitudes === 'number') continue
      magnitudes.forEach((magnitude, level) => {
        for (const sign of [1, -1]) {
          const expected = ['brightness', 'color', 'contrast', 'sharpness'].includes(name)
            ? 1 + sign * magnitude
            : name === 'posterize'
              ? magnitude
              : name === 'solarize'
                ? (magnitude * 256) / 255 // theirs goes from 255, the authors' from 256
                : sign * magnitude
          expect(argumentOf(name, level / top, { sign, picture }), `${name} at ${level}`).toBeCloseTo(expected, 4)
        }
      })
    }
    if (set === 'randaugment')
      expect([...randAugmentOperations].sort()).toEqual(Object.keys(fixture.randaugment).map(ourName).sort())
  })

  it('hue turns as theirs', () => {
    for (const { turns, pixels } of fixture.hue) {
      const canvas = canvasOf(Uint8Array.from(fixture.image), 16, 16)
      hue(canvas, turns)
      expect([...canvas.pixels], `${turns} turns`).toEqual(pixels)
    }
  })
})

describe('AutoAugment', () => {
  const picture = pictures[0]!
  it.each(cifar10Policy.map((pair, i) => [i, pair] as const))('pair %i is applied as drawn', (index, pair) => {
    for (const [first, second, sign] of [
      [0, 0, 1],
      [0, 0, -1],
      [0.99, 0, 1],
      [0, 0.99, -1],
      [0.99, 0.99, 1],
    ] as const) {
      const canvas = canvasOf(picture.pixels, 32, 32)
      const uniforms: number[] = [first, second]
      autoAugment(canvas, {
        ...xoshiro128([1, 2, 3, 4]),
        int: (n) => {
          expect(n).toBe(25)
          return index
        },
        uniform: () => uniforms.shift()!,
        bits: () => (sign === 1 ? 2 ** 32 - 1 : 0),
      })
      const expected = canvasOf(picture.pixels, 32, 32)
      pair.forEach(([name, probability, level], i) => {
        if ([first, second][i]! < probability)
          operations[name](expected, argumentOf(name, level / 9, { sign, picture }), onGray)
      })
      expect(canvas.pixels).toEqual(expected.pixels)
    }
  })
})
