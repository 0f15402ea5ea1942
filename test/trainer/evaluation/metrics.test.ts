import { beforeAll, describe, expect, it } from 'vitest'
import { stream } from '@imclr/trainer/random/testing'
import { poissonTable } from '@imclr/trainer/image/testing'
import {
  predictedClasses,
  type Answers,
  CalibrationBins,
  cleanMetrics,
  topKHits,
} from '@imclr/trainer/evaluation/testing'
import { requirePart } from '../../support/parts.js'
import { python } from '../../support/python.js'

const names = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu'] // 'gnu' has no images, nothing is ever taken for 'fox'

function answers(images: number): Answers {
  const draw = stream({ seed: 8, name: 'init' })
  const classes = names.length
  const labels = Uint16Array.from({ length: images }, () => draw.int(6))
  const probabilities = new Float32Array(images * classes)
  for (let i = 0; i < images; i++) {
    const row = Array.from({ length: classes }, (_, k) =>
      k === 5 ? 0 : Math.exp(2 * draw.normal() + (k === labels[i] ? 2.5 : 0)),
    )
    const sum = row.reduce((total, value) => total + value, 0)
    row.forEach((value, k) => (probabilities[i * classes + k] = value / sum))
  }
  return { probabilities, labels, classes }
}

interface Scores {
  accuracy: number
  balanced: number
  top: Record<string, number>
  nll: number
  brier: number
  ece: number
  confusion: number[][]
  recall: (number | null)[]
  precision: (number | null)[]
  f1: (number | null)[]
}

describe.skipIf(!requirePart('python'))('metrics against numpy and scipy', () => {
  const given = answers(3000)
  const ours = cleanMetrics(given, names)
  const means = [0.01, 0.7, 3, 50, 500]
  const uniforms = Array.from({ length: 200 }, (_, i) => (i + 0.5) / 200).concat([1e-9, 1 - 1e-9])
  let theirs: Scores
  let counts: number[][]

  beforeAll(() => {
    const requests = [
      { kind: 'scores', arrays: [0, 1] },
      { kind: 'poisson', means, uniforms },
    ]
    const arrays = [
      { data: given.probabilities, shape: [3000, names.length] },
      { data: given.labels, shape: [3000] },
    ]
    ;[theirs, counts] = python<[Scores, number[][]]>('statistics.py', requests, arrays).value
  })

  it('accuracy, balanced accuracy, top-k, likelihood, Brier, confusion', () => {
    expect(ours.accuracy).toBeCloseTo(theirs.accuracy, 12)
    expect(ours.error).toBeCloseTo(1 - theirs.accuracy, 12)
    expect(ours.balancedAccuracy).toBeCloseTo(theirs.balanced, 12)
    expect(ours.topK.map(({ k, accuracy }) => [k, accuracy])).toEqual([2, 3, 5].map((k) => [k, theirs.top[k]]))
    expect(ours.negativeLogLikelihood).toBeCloseTo(theirs.nll, 9)
    expect(ours.brier).toBeCloseTo(theirs.brier, 9)
    expect(ours.confusion).toEqual(theirs.confusion)
  })

  it('per class, with null where there is nothing to divide by', () => {
    ours.perClass.forEach(({ precision, recall, f1 }, k) => {
      for (const [own, other] of [
        [precision, theirs.precision[k]],
        [recall, theirs.recall[k]],
      ]) {
        if (other === null) expect(own).toBeNull()
        else expect(own).toBeCloseTo(other!, 12)
      }
      if (theirs.f1[k] != null) expect(f1).toBeCloseTo(theirs.f1[k], 12)
    })
    expect(ours.perClass[6]).toMatchObject({ support: 0, recall: null })
    expect(ours.perClass[5]).toMatchObject({ predicted: 0, precision: null, recall: 0, f1: 0 })
  })

  it('the calibration error, also when gathered in parts', () => {
    const bins = new CalibrationBins()
    for (let first = 0; first < 3000; first += 700) {
      const part = {
        ...given,
        probabilities: given.probabilities.subarray(first * names.length, Math.min(3000, first + 700) * names.length),
        labels: given.labels.subarray(first, first + 700),
      }
      bins.add(part, predictedClasses(part))
    }
    const { ece, images, bins: rows } = bins.result()
    expect(ece).toBeCloseTo(theirs.ece, 6)
    expect(images).toBe(3000)
    expect(rows).toHaveLength(15)
    expect(rows.reduce((sum, row) => sum + row.images, 0)).toBe(3000)
    for (const { low, high, confidence } of rows) {
      if (confidence === null) continue
      expect(confidence).toBeGreaterThan(low)
      expect(confidence).toBeLessThanOrEqual(high)
    }
  })

  it('Poisson draws are the inverse distribution function', () => {
    means.forEach((mean, i) => expect(uniforms.map(poissonTable(mean))).toEqual(counts[i]))
  })
})

describe('by hand', () => {
  it('equal probabilities count in the order of the classes, the same for top-k as for the prediction', () => {
    const given = { probabilities: Float32Array.of(0.25, 0.25, 0.25, 0.25), labels: Uint16Array.of(2), classes: 4 }
    expect([1, 2, 3].map((k) => topKHits(given, k))).toEqual([0, 0, 1])
    expect([...predictedClasses(given)]).toEqual([0])
  })

  it('a certain and right model scores perfectly; a certain and wrong one worst', () => {
    const labels = Uint16Array.of(0, 1)
    const right = cleanMetrics({ probabilities: Float32Array.of(1, 0, 0, 1), labels, classes: 2 }, ['a', 'b'])
    expect(right).toMatchObject({ accuracy: 1, balancedAccuracy: 1, negativeLogLikelihood: 0, brier: 0, topK: [] })
    const wrong = cleanMetrics({ probabilities: Float32Array.of(0, 1, 1, 0), labels, classes: 2 }, ['a', 'b'])
    expect(wrong).toMatchObject({
      accuracy: 0,
      brier: 2,
      confusion: [
        [0, 1],
        [1, 0],
      ],
    })
    expect(wrong.negativeLogLikelihood).toBeCloseTo(-Math.log(1e-12), 9)
  })
})
