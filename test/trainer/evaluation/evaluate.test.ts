import { describe, expect, it } from 'vitest'
import { compareEvaluations } from '@imclr/experiments'
import { corruptionBlock, cleanMetrics, perturbationBlock, readPredictions, writePredictions } from '@imclr/contract'
import { prepareCorruption, preparePerturbation } from '@imclr/trainer/image/testing'
import {
  measureModel,
  type EvaluateOptions,
  referenceOf,
  type EvaluationProgress,
  type TestSplit,
  stratifiedPart,
} from '@imclr/trainer/evaluation/testing'
import { testImage } from '../image/testImages.js'

const side = 16
const size = side * side * 3
const classes = ['dark', 'middle', 'bright']
const jpeg: EvaluateOptions['jpeg'] = async ({ bytes }, quality) =>
  bytes.map((value) => Math.min(255, value + 100 - quality))

/** Pictures of three brightnesses, so that a threshold on the mean classifies them. */
function split(count: number): TestSplit {
  const labels = Uint16Array.from({ length: count }, (_, i) => (i % 10 === 0 ? 2 : i % 2))
  const images = new Uint8Array(count * size)
  for (let i = 0; i < count; i++)
    images.set(
      testImage(side, side, i % 7).map((value) => value / 4 + labels[i]! * 80),
      i * size,
    )
  return { images, labels, height: side, width: side, classes, versionId: 'ver_00000000000000000000000000000001' }
}

/** A softmax over the distance of the mean to 30, 110 and 190. */
function byBrightness(images: Uint8Array, count: number): Float32Array {
  const out = new Float32Array(count * 3)
  for (let i = 0; i < count; i++) {
    const mean = images.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0) / size
    const weights = [30, 110, 190].map((centre) => Math.exp(-Math.abs(mean - centre) / 20))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    weights.forEach((weight, k) => (out[i * 3 + k] = weight / sum))
  }
  return out
}

const options = (change: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  predict: byBrightness,
  test: split(200),
  spec: { corruptionImages: 40 },
  seed: 6,
  jpeg,
  ...change,
})

describe('evaluate', () => {
  it('gives blocks that fit the schema, with the numbers that prediction by prediction gives', async () => {
    const seen: EvaluationProgress[] = []
    const { clean, corruption, calibration, predictions } = await measureModel(
      options({ onProgress: (progress) => seen.push(progress), batch: 15 }),
    )
    cleanMetrics.parse(clean)
    const block = corruptionBlock.parse(corruption)
    expect(block).toMatchObject({ table: '32', images: 40, total: 200, seed: 6, frost: 'procedural', reference: null })
    expect(block.cells).toHaveLength(95)
    expect(calibration.corrupted!.images).toBe(75 * 40)
    expect(calibration.perSeverity.map(({ severity, images }) => [severity, images])).toEqual(
      [1, 2, 3, 4, 5].map((severity) => [severity, 15 * 40]),
    )
    expect(seen.at(-1)).toMatchObject({ done: 200 + 95 * 40, total: 200 + 95 * 40, secondsLeft: 0 })

    // One cell anew, image by image.
    const brightened = prepareCorruption({ height: side, width: side, name: 'brightness', severity: 5, seed: 6 })
    const test = split(200)
    let wrong = 0
    for (const row of predictions.corruptedRows) {
      const images = test.images.subarray(row * size, (row + 1) * size)
      const one = await brightened({ images, count: 1, indices: [row] })
      const [dark, middle, bright] = byBrightness(one, 1)
      if ([dark, middle, bright].indexOf(Math.max(dark!, middle!, bright!)) !== test.labels[row]) wrong++
    }
    const cell = block.cells.find(({ corruption, severity }) => corruption === 'brightness' && severity === 5)!
    expect(cell).toMatchObject({
      error: wrong / 40,
      images: 40,
      group: 'weather',
      benchmark: true,
      parameters: { amount: 0.3 },
    })
    expect(cell.error).toBeGreaterThan(0)
  })

  it('is the same whatever the batch, and its predictions survive their file', async () => {
    const first = await measureModel(options({ batch: 7 }))
    const second = await measureModel(options({ batch: 1000 }))
    expect(second).toEqual(first)
    const file = readPredictions(writePredictions(first.predictions))
    expect(compareEvaluations(file, second.predictions)).toMatchObject({
      clean: { difference: 0 },
      corruption: { difference: 0, cells: 75 },
    })
  })

  it('sets the model against a named one: 1 against itself', async () => {
    const base = { modelId: 'mdl_aaaaaaaaaaaaaaaaaaaa', name: 'base' }
    const found = await measureModel(options())
    const reference = referenceOf(base, {
      versionId: found.predictions.versionId,
      corruption: found.corruption,
      perturbation: null,
    })
    const again = await measureModel(options({ reference }))
    expect(again.corruption!.reference).toMatchObject({ ...base, samePictures: true })
    expect(
      (await measureModel(options({ reference, spec: { corruptionImages: 41 } }))).corruption!.reference,
    ).toMatchObject({ samePictures: false })
    const ratios = again.corruption!.reference!.perCorruption.flatMap(({ ce }) => (ce === null ? [] : [ce]))
    expect(ratios.length).toBeGreaterThan(3)
    for (const ratio of ratios) expect(ratio).toBeCloseTo(1, 12)
  })

  it('leaves the corruptions out when asked to, takes all when asked to', async () => {
    const none = await measureModel(options({ spec: { corruptionImages: 'none' } }))
    expect(none).toMatchObject({
      corruption: null,
      calibration: { corrupted: null },
      predictions: { corruption: null, cells: [] },
    })
    expect(readPredictions(writePredictions(none.predictions))).toEqual(none.predictions)
    const all = await measureModel(options({ test: split(30), spec: { corruptionImages: 'all' } }))
    expect(all.corruption).toMatchObject({ images: 30, total: 30 })
  })

  it('stops at once when aborted, and refuses answers of the wrong length', async () => {
    const stop = new AbortController()
    const running = measureModel(
      options({
        signal: stop.signal,
        onProgress: ({ done }) => done > 300 && stop.abort(new Error('stopped by hand')),
      }),
    )
    await expect(running).rejects.toThrow('stopped by hand')
    await expect(measureModel(options({ predict: () => new Float32Array(4) }))).rejects.toThrow(
      /answered with 4 values/,
    )
  })
})

describe('evaluate along sequences', () => {
  const few = () => options({ test: split(30), spec: { corruptionImages: 'none', perturbationImages: 10 } })

  it('counts flips as frame by frame anew', async () => {
    const { perturbation, corruption } = await measureModel(few())
    const block = perturbationBlock.parse(perturbation)
    expect(corruption).toBeNull()
    expect(block).toMatchObject({ table: '32', images: 10, total: 30, seed: 6, reference: null })
    expect(block.perturbations).toHaveLength(14)
    const test = split(30)
    const rows = stratifiedPart(test.labels, 10, 6)
    for (const [name, comparedWith] of [
      ['brightness', 'previous'],
      ['shot_noise', 'first'],
      ['scale', 'previous'],
    ] as const) {
      const { frames, perturb } = preparePerturbation({ height: side, width: side, name, seed: 6 })
      let flips = 0
      for (const row of rows) {
        const sequence = perturb(test.images.subarray(row * size, (row + 1) * size), [row])
        const answers = byBrightness(sequence, frames)
        const classOf = (frame: number) =>
          [0, 1, 2].reduce((best, k) => (answers[frame * 3 + k]! > answers[frame * 3 + best]! ? k : best), 0)
        for (let frame = 1; frame < frames; frame++)
          if (classOf(frame) !== classOf(comparedWith === 'first' ? 0 : frame - 1)) flips++
      }
      const found = block.perturbations.find((row) => row.perturbation === name)!
      expect(found).toMatchObject({ frames, comparedWith, benchmark: true })
      expect(found.flipProbability, name).toBeCloseTo(flips / (10 * (frames - 1)), 12)
    }
    expect(block.perturbations.find((row) => row.perturbation === 'brightness')!.flipProbability).toBeGreaterThan(0)
  })

  it('against itself every rate is 1, and what never flips is left out by name', async () => {
    const found = await measureModel(few())
    const reference = referenceOf(
      { modelId: 'mdl_aaaaaaaaaaaaaaaaaaaa', name: 'base' },
      { versionId: found.predictions.versionId, corruption: null, perturbation: found.perturbation },
    )
    const again = (await measureModel({ ...few(), reference })).perturbation!
    expect(again.reference).toMatchObject({ samePictures: true, name: 'base' })
    expect(again.reference!.mFR).toBeCloseTo(1, 12)
    const still = found
      .perturbation!.perturbations.filter((row) => row.benchmark && row.flipProbability === 0)
      .map((row) => row.perturbation)
    expect(again.reference!.leftOut).toEqual(still)
  })
})

describe('stratifiedPart', () => {
  it('keeps the shares of the classes, at least one each, and depends on the seed alone', () => {
    const { labels } = split(200) // 90 or so dark, 100 middle, 20 bright
    const rows = stratifiedPart(labels, 50, 1)
    const counts = [0, 1, 2].map((label) => rows.filter((row) => labels[row] === label).length)
    expect(counts).toEqual([20, 25, 5])
    expect([...rows]).toEqual([...new Set(rows)].sort((a, b) => a - b))
    expect(stratifiedPart(labels, 50, 1)).toEqual(rows)
    expect(stratifiedPart(labels, 50, 2)).not.toEqual(rows)
    expect(
      stratifiedPart(
        Uint16Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1 : 0)),
        10,
        1,
      )[0],
    ).toBe(0)
    expect(stratifiedPart(labels, 500, 1)).toHaveLength(200)
    expect(
      stratifiedPart(
        Uint16Array.from({ length: 300 }, (_, i) => i),
        10,
        1,
      ),
    ).toHaveLength(10)
  })
})
