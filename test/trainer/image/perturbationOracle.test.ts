import { beforeAll, describe, expect, it } from 'vitest'
import { perturbationKinds, perturbationNames, type PerturbationName } from '@imclr/contract'
import { perturbations, type TableName, preparePerturbation } from '@imclr/trainer/image/testing'
import { stream, type Stream } from '@imclr/trainer/random/testing'
import { requirePart } from '../../support/parts.js'
import { python, type OracleArray } from '../../support/python.js'
import { testImage } from './testImages.js'

/** Writes down what is drawn, so that the oracle can use the same numbers. */
function recording(source: Stream) {
  const values: number[] = []
  const note = (value: number) => {
    values.push(value)
    return value
  }
  return { recorder: { ...source, uniform: () => note(source.uniform()), normal: () => note(source.normal()) }, values }
}

const sizes = [
  { table: '32', height: 32, width: 32 },
  { table: '64', height: 64, width: 64 },
  // Smaller than what it is for: the formulae are the same, the oracle takes its time,
  { table: '224', height: 72, width: 65 },
] as const

interface Case {
  name: PerturbationName
  table: TableName
  ours: Uint8Array
}

/**
 * By how many levels a value may differ, and in what share of the values by more. One level: both sides cut off, so the
 * last bit of a float decides. Where a place lies on the very border of the image, that bit decides between a pixel and
 * black.
 */
const tolerance: Partial<Record<PerturbationName, { levels: number; beyond: number }>> = {
  // Scipy's zoom reads 0 where rounding puts the last row outside; ours the last row
  snow: { levels: 1, beyond: 0.002 },
  // At 60 degrees every other tap lies right between two pixels: the last bit of a sine decides the whole frame
  motion_blur: { levels: 1, beyond: 0.03 },
  zoom_blur: { levels: 1, beyond: 0.001 },
  rotate: { levels: 1, beyond: 0.001 },
  shear: { levels: 1, beyond: 0.001 },
  scale: { levels: 1, beyond: 0.001 },
  tilt: { levels: 1, beyond: 0.001 },
}

describe.skipIf(!requirePart('python'))(
  'perturbation sequences against Pillow, OpenCV, scipy and scikit-image at equal parameters and draws',
  () => {
    const results: (Case & { theirs: Uint8Array })[] = []
    let tilts: number[] = []

    beforeAll(() => {
      const cases: Case[] = []
      const requests: unknown[] = []
      const arrays: OracleArray[] = []
      const push = (array: OracleArray) => arrays.push(array) - 1
      for (const { table, height, width } of sizes) {
        const bytes = testImage(height, width, 1)
        const image = push({ data: bytes, shape: [height, width, 3] })
        for (const name of perturbationNames) {
          const { number, parameters, prepare } = perturbations[name]
          const own = parameters(table)
          const { recorder, values } = recording(stream({ seed: 5, name: 'perturb', epoch: number, index: 0 }))
          const ours = new Uint8Array(own.frames * bytes.length)
          prepare(table, { height, width, frost: () => [] })(bytes, ours, recorder)
          cases.push({ name, table, ours })
          const run = table === '224' ? [0.05, 0.1, 0.15, 0.7] : [0.2, 0.8]
          requests.push({
            name,
            parameters: own,
            image,
            run,
            values: push({ data: Float64Array.from(values), shape: [values.length] }),
          })
        }
      }
      const answer = python<{ tiltAgainstOpenCV: number[] }>('perturbations.py', requests, arrays)
      tilts = answer.value.tiltAgainstOpenCV
      cases.forEach((one, i) => results.push({ ...one, theirs: answer.arrays[i]!.data as Uint8Array }))
    }, 300_000)

    it.each(perturbationNames)('%s', (name) => {
      const { levels, beyond } = tolerance[name] ?? { levels: 1, beyond: 0 }
      const own = results.filter((result) => result.name === name)
      expect(own).toHaveLength(3)
      for (const { table, ours, theirs } of own) {
        expect(theirs.length, table).toBe(ours.length)
        const off = ours.filter((value, i) => Math.abs(value - theirs[i]!) > levels).length
        expect(off / ours.length, `table ${table}: share of values off by more than ${levels}`).toBeLessThanOrEqual(
          beyond,
        )
        const bias = ours.reduce((sum, value, i) => sum + value - theirs[i]!, 0) / ours.length
        expect(Math.abs(bias), `table ${table}: mean difference in levels`).toBeLessThan(0.25)
      }
    })

    it('tilt agrees with OpenCV itself, but for its rounding of places', () => {
      for (const difference of tilts) expect(difference).toBeLessThan(1)
    })
  },
)

describe('perturbation sequences', () => {
  const size = 32 * 32 * 3
  const images = new Uint8Array([0, 1, 2].flatMap((which) => [...testImage(32, 32, which)]))

  it('has the 10 of the benchmark, 4 extra ones, and compares the noises with the first frame', () => {
    expect(perturbationNames.filter((name) => perturbationKinds[name].benchmark)).toEqual(
      'gaussian_noise shot_noise motion_blur zoom_blur snow brightness translate rotate tilt scale'.split(' '),
    )
    expect(perturbationNames.filter((name) => !perturbationKinds[name].benchmark)).toEqual([
      'speckle_noise',
      'gaussian_blur',
      'spatter',
      'shear',
    ])
    expect(perturbationNames.filter((name) => perturbations[name].comparedWith === 'first')).toEqual([
      'gaussian_noise',
      'shot_noise',
      'speckle_noise',
    ])
    expect(new Set(perturbationNames.map((name) => perturbations[name].number)).size).toBe(14)
    expect(perturbationNames.map((name) => perturbations[name].parameters('32').frames)).toEqual([
      31, 31, 21, 31, 31, 31, 16, 31, 31, 31, 31, 31, 31, 31,
    ]) // CIFAR-10-P
  })

  it.each(perturbationNames)(
    '%s gives an image the same sequence whatever the batch, and leaves the image alone',
    (name) => {
      const given = images.slice()
      const { frames, perturb } = preparePerturbation({ height: 32, width: 32, name, seed: 3 })
      const all = perturb(images, [4, 5, 6])
      expect(all.length).toBe(3 * frames * size)
      expect(
        Buffer.compare(perturb(images.subarray(size, 2 * size), [5]), all.subarray(frames * size, 2 * frames * size)),
      ).toBe(0)
      expect(Buffer.compare(images, given)).toBe(0)
      const another = preparePerturbation({ height: 32, width: 32, name, seed: 4 }).perturb(images, [4, 5, 6])
      const random = ['gaussian_noise', 'shot_noise', 'speckle_noise', 'snow', 'spatter'].includes(name)
      expect(Buffer.compare(another, all) !== 0).toBe(random)
      const frame = (i: number) => all.subarray(i * size, (i + 1) * size)
      expect(Buffer.compare(frame(0), frame(1))).not.toBe(0)
    },
  )

  it('passes through the image itself in the middle, where nothing is moved', () => {
    for (const [name, middle] of [
      ['rotate', 15],
      ['shear', 15],
      ['scale', 15],
      ['translate', 7],
      ['brightness', 15],
    ] as const) {
      const all = preparePerturbation({ height: 32, width: 32, name, seed: 3 }).perturb(images, [0])
      const frame = all.subarray(middle * size, (middle + 1) * size)
      const worst = frame.reduce((most, value, i) => Math.max(most, Math.abs(value - images[i]!)), 0)
      expect(worst, name).toBeLessThanOrEqual(1)
    }
  })
})
