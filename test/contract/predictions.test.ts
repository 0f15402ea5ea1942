import { describe, expect, it } from 'vitest'
import { comparison, evaluationComparison, readPredictions, writePredictions, type Predictions } from '@imclr/contract'
import { compareEvaluations } from '@imclr/experiments'

const cells = [
  { corruption: 'fog', severity: 1, benchmark: true },
  { corruption: 'fog', severity: 2, benchmark: true },
  { corruption: 'spatter', severity: 1, benchmark: false },
]

function predictions(change: Partial<Predictions> = {}): Predictions {
  return {
    versionId: 'ver_00000000000000000000000000000001',
    classes: 3,
    images: 4,
    ids: ['a.png', 'ü/b.png', 'c.png', 'd.png'],
    labels: Uint16Array.of(0, 1, 2, 1),
    probabilities: Float32Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.6, 0.2, 0.2, 0.1, 0.8, 0.1),
    corruption: { seed: 1, table: '32', frost: 'procedural' },
    cells,
    corruptedRows: Uint32Array.of(0, 3),
    corruptedClasses: Uint16Array.of(0, 1, 2, 1, 2, 2),
    ...change,
  }
}

describe('predictions.bin', () => {
  it('reads back as it was written, from any offset of a larger buffer', () => {
    const bytes = writePredictions(predictions())
    expect(readPredictions(bytes)).toEqual(predictions())
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(readPredictions(shifted.subarray(3))).toEqual(predictions())
    expect(readPredictions(Buffer.from(shifted.subarray(3)))).toEqual(predictions())
  })

  it('is refused if it is cut off, has another format or has another version', () => {
    const bytes = writePredictions(predictions())
    for (const length of [0, 10, 20, bytes.length - 1]) expect(() => readPredictions(bytes.slice(0, length))).toThrow()
    expect(() => readPredictions(bytes.slice(0, -1))).toThrow(/damaged or cut off/)
    expect(() => readPredictions(new TextEncoder().encode('{"not": "ours"}  '))).toThrow(/not a predictions file/)
    const newer = bytes.slice()
    newer[8] = 2
    expect(() => readPredictions(newer)).toThrow(/format version 2/)
  })

  it('is not written if an array has the wrong length', () => {
    expect(() => writePredictions(predictions({ corruptedClasses: Uint16Array.of(1) }))).toThrow(/6 expected/)
  })
})

describe('compareEvaluations', () => {
  it('compares clean hits and corrupted errors image by image', () => {
    // The second model also gets image 2 right, and is wrong on image 3 under fog 1.
    const second = predictions({
      probabilities: Float32Array.of(0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.1, 0.2, 0.7, 0.1, 0.8, 0.1),
      corruptedClasses: Uint16Array.of(0, 2, 2, 1, 0, 1),
    })
    const result = comparison.parse(compareEvaluations(predictions(), second))
    expect(result.clean).toMatchObject({
      images: 4,
      first: 0.75,
      second: 1,
      difference: 0.25,
      mcnemar: { onlyFirst: 0, onlySecond: 1 },
    })
    expect(result.corruption).toMatchObject({ images: 2, cells: 2, first: 0.25, second: 0.5, difference: 0.25 })
    expect(result.corruption!.interval.low).toBeGreaterThanOrEqual(0)
    expect(result.corruption!.perCorruption).toEqual([
      { corruption: 'fog', benchmark: true, first: 0.25, second: 0.5, difference: 0.25 },
      { corruption: 'spatter', benchmark: false, first: 1, second: 0, difference: -1 },
    ])
  })

  it('draws images, not cells: the interval has no width if every image loses the same', () => {
    // The first model is right on both images under fog 1, and the second is wrong: this is half of the two counted
    // cells.
    const first = predictions({ corruptedClasses: Uint16Array.of(0, 1, 0, 1, 2, 2) })
    const second = predictions({ corruptedClasses: Uint16Array.of(1, 0, 0, 1, 2, 2) })
    expect(compareEvaluations(first, second).corruption).toMatchObject({
      difference: 0.5,
      interval: { low: 0.5, high: 0.5 },
    })
  })

  it('compares by class, although each model numbers the classes in its own order', () => {
    // The second model gives the same answers, but it numbers the classes 0, 1 and 2 as 2, 0 and 1.
    const [numbers, { labels, probabilities, corruptedClasses }] = [[2, 0, 1], predictions()]
    const renamed = predictions({
      labels: labels.map((label) => numbers[label]!),
      corruptedClasses: corruptedClasses.map((label) => numbers[label]!),
      probabilities: Float32Array.from(
        { length: 12 },
        (_, at) => probabilities[at - (at % 3) + numbers.indexOf(at % 3)]!,
      ),
    })
    expect(compareEvaluations(predictions(), renamed)).toMatchObject({
      clean: { first: 0.75, second: 0.75, mcnemar: { onlyFirst: 0, onlySecond: 0 } },
      corruption: { first: 0.25, second: 0.25, difference: 0 },
    })
  })

  it('compares evaluations of a stored set, which has only corrupted images', () => {
    const stored = (change: Partial<Predictions> = {}) => predictions({ probabilities: new Float32Array(), ...change })
    const second = stored({ corruptedClasses: Uint16Array.of(0, 2, 2, 1, 0, 1) })
    const result = evaluationComparison.parse(compareEvaluations(stored(), second))
    expect(result).toMatchObject({
      clean: null,
      corruption: { images: 2, cells: 2, first: 0.25, second: 0.5, difference: 0.25 },
    })
    expect(result.corruption).toEqual(
      compareEvaluations(predictions(), predictions({ corruptedClasses: second.corruptedClasses })).corruption,
    )
    expect(() => compareEvaluations(predictions(), second)).toThrow(/one of the two/)
  })

  it('says why corruptions cannot be compared, and refuses other versions', () => {
    const other = predictions({ corruption: { seed: 2, table: '32', frost: 'procedural' } })
    expect(compareEvaluations(predictions(), other)).toMatchObject({
      corruption: null,
      whyNoCorruption: expect.stringMatching(/different seeds/),
    })
    const without = predictions({
      corruption: null,
      cells: [],
      corruptedRows: new Uint32Array(),
      corruptedClasses: new Uint16Array(),
    })
    expect(compareEvaluations(predictions(), without).whyNoCorruption).toMatch(/not evaluated under corruption/)
    expect(() =>
      compareEvaluations(predictions(), predictions({ versionId: 'ver_00000000000000000000000000000002' })),
    ).toThrow(/one dataset version/)
    expect(() => compareEvaluations(predictions(), predictions({ labels: Uint16Array.of(0, 1, 2, 2) }))).toThrow(
      /same test images/,
    )
    expect(() => compareEvaluations(predictions({ labels: Uint16Array.of(0, 1, 2, 2) }), predictions())).toThrow(
      /same test images/,
    )
  })
})
