import { describe, expect, it } from 'vitest'
import {
  definitionOf,
  experimentReport,
  mergeRuns,
  planOf,
  presets,
  reportExperiment,
  reinterpretRuns,
} from '@imclr/experiments'
import { experimentRuns, planRuns, runRecord, type ExperimentDefinition, type ExperimentRuns } from '@imclr/contract'
import { fromBase64, packBits, unpackBits } from '@imclr/experiments'
import { makeRuns, plan, recordOf } from './makeRuns.js'

const labels = Uint16Array.of(0, 1, 2, 3, 0, 1, 2, 3, 0, 1)
/** Answers that are right on the named images and wrong on all others. */
const rightOn = (...images: number[]): number[] =>
  Array.from(labels, (label, i) => (images.includes(i) ? label : (label + 1) % 4))
const stored = (runs: ExperimentRuns['runs'], change: Partial<ExperimentRuns['plan']> = {}): ExperimentRuns => ({
  schemaVersion: 1,
  plan: { ...plan, ...change },
  runs,
  withoutResult: [],
})

describe('a run record', () => {
  it('keeps which images the model got right, and how often each was wrong under corruption', () => {
    const record = recordOf({
      arm: 'baseline',
      seed: 7,
      labels,
      answers: rightOn(0, 3, 9),
      rows: Uint32Array.of(8, 2),
      // Image 8 is wrong in every cell of fog (cells 5 to 9). Image 2 is wrong only in one cell of the extra corruption
      // (cells 15 to 19).
      corrupted: (cell, image) =>
        (image === 8 && cell >= 5 && cell < 10) || (image === 2 && cell === 15)
          ? (labels[image]! + 1) % 4
          : labels[image]!,
    })
    expect(runRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(record)
    expect([...unpackBits(record.correct, 10)]).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    expect(record).toMatchObject({
      accuracy: 0.3,
      testImages: 10,
      epochs: 3,
      steps: 30,
      seconds: 6,
      parameters: 78_042,
    })
    const { rows, wrong, counted, cells } = record.corrupted!
    expect([...unpackBits(rows, 10)]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0])
    // In the order of the test images; the extra corruption does not count.
    expect([[...fromBase64(wrong)], counted]).toEqual([[0, 5], 15])
    expect(
      cells
        .filter(({ error }) => error > 0)
        .map(({ corruption, severity, error }) => `${corruption} ${severity} ${error}`),
    ).toEqual(['fog 1 0.5', 'fog 2 0.5', 'fog 3 0.5', 'fog 4 0.5', 'fog 5 0.5', 'spatter 1 0.5'])
  })

  it('packs bits with the least significant one first', () => {
    expect([...fromBase64(packBits(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1)))]).toEqual([1, 2])
    expect([...unpackBits(packBits(Uint8Array.of(0, 1, 1)), 3)]).toEqual([0, 1, 1])
  })
})

describe('the report', () => {
  it('pairs runs by seed and test image, as computed by hand', () => {
    // The accuracies are .3 .4 .2 and .5 .4 .5, so the differences are .2 0 .3.
    const runs = [
      recordOf({ arm: 'baseline', seed: 1, labels, answers: rightOn(0, 1, 2) }),
      recordOf({ arm: 'imclr', seed: 1, labels, answers: rightOn(1, 2, 3, 4, 5) }),
      recordOf({ arm: 'baseline', seed: 2, labels, answers: rightOn(0, 1, 2, 3) }),
      recordOf({ arm: 'imclr', seed: 2, labels, answers: rightOn(6, 7, 8, 9) }),
      recordOf({ arm: 'imclr', seed: 3, labels, answers: rightOn(0, 1, 2, 3, 4) }),
      recordOf({ arm: 'baseline', seed: 3, labels, answers: rightOn(0, 1) }),
    ]
    const report = experimentReport.parse(reportExperiment(stored(runs)))
    const [
      {
        arms,
        comparisons: [one],
      },
    ] = report.budgets as [(typeof report.budgets)[number]]
    expect(arms.map(({ arm, mean, lowest, highest }) => [arm, Number(mean.toFixed(12)), lowest, highest])).toEqual([
      ['baseline', 0.3, 0.2, 0.4],
      ['imclr', Number((1.4 / 3).toFixed(12)), 0.4, 0.5],
    ])
    expect(one!.perSeed.map((seed) => ({ ...seed, pValue: Number(seed.pValue.toFixed(12)) }))).toMatchObject([
      // At most one of four coins falls to this side: (1 + 4) / 16, twice.
      { seed: 1, difference: 0.2, onlyFirst: 1, onlySecond: 3, pValue: 0.625 },
      { seed: 2, difference: 0, onlyFirst: 4, onlySecond: 4, pValue: 1 },
      { seed: 3, difference: 0.3, onlyFirst: 0, onlySecond: 3, pValue: 0.25 },
    ])
    // The standard deviation of .2 0 .3 is .15275, the standard error is .08819, and t(2) = 4.3027.
    expect(one!.mean).toBeCloseTo(1 / 6, 12)
    expect(one!.deviation).toBeCloseTo(0.152753, 6)
    expect(one!.interval!.low).toBeCloseTo(1 / 6 - 4.302653 * 0.0881917, 5)
    expect(one).toMatchObject({
      published: 1.3,
      stepsRatio: 1,
      secondsRatio: 1,
      corrupted: null,
      whyNoCorrupted: 'not every run was evaluated under corruption',
    })
    expect(one!.pHolm).toBe(one!.pValue)
    expect(one!.bootstrap.low).toBeLessThan(1 / 6)
    expect(report).toMatchObject({
      runs: { planned: 6, there: 6 },
      compared: 1,
      missing: [],
      environments: [{ runs: 6 }],
    })
  })

  it('takes differences within a seed in any order of the runs', () => {
    const runs = makeRuns({ seeds: 4, budgets: [null] })
    expect(reportExperiment({ ...runs, runs: [...runs.runs].reverse() }, { resamples: 100 })).toEqual(
      reportExperiment(runs, { resamples: 100 }),
    )
  })

  it('compares corruptions by type and severity, and adjusts over them', () => {
    const report = reportExperiment(makeRuns({ budgets: [500] }), { resamples: 500 })
    const { corrupted } = report.budgets[0]!.comparisons[0]!
    expect(corrupted).toMatchObject({ images: 200, seeds: [1, 2, 3, 4, 5] })
    const by = (name: string) => corrupted!.perCorruption.find(({ corruption }) => corruption === name)!
    // The runs are made so that the first corruption hurts the baseline by 8 points more than the others, which differ
    // by 2 points.
    expect(by('gaussian_noise').mean).toBeLessThan(-0.06)
    expect(by('fog').mean).toBeGreaterThan(by('gaussian_noise').mean)
    expect(by('gaussian_noise').pHolm).toBeGreaterThanOrEqual(by('gaussian_noise').pValue!)
    // The mean covers the three corruptions that count, not the extra one.
    expect(corrupted!.mean).toBeCloseTo(
      ['gaussian_noise', 'fog', 'jpeg_compression'].reduce((sum, name) => sum + by(name).mean / 3, 0),
      12,
    )
    expect(corrupted!.perSeverity.map(({ severity }) => severity)).toEqual([1, 2, 3, 4, 5])
    expect(corrupted!.cells).toHaveLength(20)
    expect(corrupted!.bootstrap.low).toBeLessThan(corrupted!.mean)
    expect(corrupted!.bootstrap.high).toBeGreaterThan(corrupted!.mean)
  })

  it('says why corruptions were not compared', () => {
    const [first, second] = [
      recordOf({ arm: 'baseline', seed: 1, labels, answers: labels, corrupted: () => 0 }),
      recordOf({ arm: 'imclr', seed: 1, labels, answers: labels, corrupted: () => 0, rows: Uint32Array.of(1, 2) }),
    ]
    expect(reportExperiment(stored([first, second])).budgets[0]!.comparisons[0]).toMatchObject({
      corrupted: null,
      whyNoCorrupted: 'the arms were not evaluated on the same corrupted pictures',
    })
  })

  it('reports the runs that exist, and names the missing ones', () => {
    const file = stored([recordOf({ arm: 'baseline', seed: 2, labels, answers: labels })], { seeds: [1, 2] })
    const report = experimentReport.parse(
      reportExperiment({ ...file, withoutResult: [{ arm: 'imclr', seed: 2, budget: null, why: 'it was canceled' }] }),
    )
    expect(report.budgets).toMatchObject([{ arms: [{ arm: 'baseline', mean: 1, interval: null }], comparisons: [] }])
    expect(report.missing.map(({ arm, seed, why }) => `${arm} ${seed} ${why}`)).toEqual([
      'baseline 1 it was not run',
      'imclr 1 it was not run',
      'imclr 2 it was canceled',
    ])
    expect(experimentReport.parse(reportExperiment(stored([])))).toMatchObject({
      data: null,
      budgets: [],
      runs: { planned: 6, there: 0 },
    })
  })

  it('adjusts over all pairs and budgets', () => {
    const { budgets, compared } = reportExperiment(makeRuns(), { resamples: 100 })
    expect(compared).toBe(3)
    const all = budgets.map(({ comparisons: [one] }) => one!)
    const smallest = all.reduce((a, b) => (a.pValue! < b.pValue! ? a : b))
    expect(smallest.pHolm).toBeCloseTo(Math.min(1, 3 * smallest.pValue!), 12)
  })
})

describe('stored runs of several machines', () => {
  const whole = makeRuns({ seeds: 4, budgets: [500] })
  const part = (seeds: number[]): ExperimentRuns =>
    experimentRuns.parse(
      JSON.parse(
        JSON.stringify({
          ...whole,
          plan: { ...whole.plan, seeds },
          runs: whole.runs.filter(({ seed }) => seeds.includes(seed)),
        }),
      ),
    )

  it('merge into what one machine would have given', () => {
    expect(reportExperiment(mergeRuns([part([3, 4]), part([1, 2]), part([2])]), { resamples: 200 })).toEqual(
      reportExperiment(whole, { resamples: 200 }),
    )
  })

  it('are refused if they do not fit together', () => {
    const changed = (change: (run: ExperimentRuns['runs'][number]) => object): ExperimentRuns => {
      const file = part([1])
      return { ...file, runs: file.runs.map((run) => ({ ...run, ...change(run) })) }
    }
    const refused = (other: ExperimentRuns, words: RegExp) =>
      expect(() => mergeRuns([part([1, 2]), other])).toThrow(
        expect.objectContaining({ code: 'CONFLICT', message: expect.stringMatching(words) as string }) as Error,
      )
    refused(
      changed(({ testImages }) => ({ correct: packBits(new Uint8Array(testImages)) })),
      /two different runs of baseline \/ seed 1 \/ 500 labels/,
    )
    refused(
      changed(() => ({ seed: 9, content: 'd'.repeat(64) })),
      /different data set versions/,
    )
    refused(
      changed(({ spec }) => ({ seed: 9, spec: { ...spec, epochs: 4, seed: 9 } })),
      /trained differently: epochs/,
    )
    refused({ ...part([1]), plan: { ...plan, name: 'other' } }, /different experiments: made-up, other/)
    expect(() => mergeRuns([])).toThrow(/no stored runs/)
  })
})

describe('stored runs as those of another experiment', () => {
  const corruptions = definitionOf(presets.corruptions, 'small')
  const cifar10 = definitionOf(presets.cifar10, 'small')
  /** Every run of an experiment. With each higher seed the model is right on one more image. */
  const trained = (definition: ExperimentDefinition): ExperimentRuns => ({
    schemaVersion: 1,
    plan: planOf(definition),
    withoutResult: [],
    runs: planRuns(definition).map(({ arm, seed, budget, spec }) => ({
      ...recordOf({
        arm,
        seed,
        budget,
        labels,
        answers: rightOn(...Array.from({ length: seed + (arm === 'imclr' ? 3 : 2) }, (_, i) => i)),
        spec,
        ...(spec.evaluation.corruptionImages === 'none' ? {} : { corrupted: () => 0 }),
      }),
      experiment: definition.name,
    })),
  })

  it('fit by their training, without measurements that the other experiment does not want', () => {
    const all = trained(corruptions)
    expect(all.runs[0]!.corrupted).not.toBeNull()
    const taken = experimentRuns.parse(
      reinterpretRuns(cifar10, [
        { ...all, runs: all.runs.slice(0, 5) },
        { ...all, runs: all.runs.slice(3, 9) },
      ]),
    )
    // The result is what that experiment would have stored if it had trained the runs itself.
    expect(taken).toEqual({
      ...trained(cifar10),
      runs: trained(cifar10).runs.slice(0, 9),
      withoutResult: [{ arm: 'imclr', seed: 5, budget: 1000, why: 'it is not among the stored runs' }],
    })
    expect(reportExperiment(taken, { resamples: 200 })).toMatchObject({
      plan: { claim: cifar10.claim },
      runs: { planned: 10, there: 9 },
      budgets: [{ comparisons: [{ published: 0.14, corrupted: null }] }],
    })
  })

  it('fit whatever the name of their arm', () => {
    const renamed = {
      ...cifar10,
      arms: cifar10.arms.map((arm) => ({ ...arm, name: `${arm.name}-again` })),
      comparisons: [{ arm: 'imclr-again', against: 'baseline-again', published: null, metric: 'clean' as const }],
    }
    const { runs } = reinterpretRuns(renamed, [trained(cifar10)])
    expect(runs.map(({ arm, accuracy }) => [arm, accuracy]).slice(0, 2)).toEqual([
      ['baseline-again', 0.3],
      ['imclr-again', 0.4],
    ])
    // With so few images, the machine that trained made its batch smaller. Settings that do not change a result may
    // differ.
    const few = { ...cifar10, budgets: [100] }
    const stored = trained(few)
    const cut = {
      ...stored,
      runs: stored.runs.map((run) => ({
        ...run,
        spec: { ...run.spec, batchSize: 100, execution: 'eager', limits: { maxSeconds: 60, maxAttempts: 1 } },
      })),
    }
    expect(reinterpretRuns(few, [cut]).runs).toHaveLength(10)
  })

  it('are refused if none was trained in exactly that way', () => {
    const refused = (definition: ExperimentDefinition, file: ExperimentRuns) =>
      expect(() => reinterpretRuns(definition, [file])).toThrow(
        expect.objectContaining({
          code: 'CONFLICT',
          message: expect.stringMatching(new RegExp(`None of the stored runs is one of ${definition.name}`)) as string,
        }) as Error,
      )
    refused(corruptions, trained(cifar10)) // these runs were not measured under corruption
    refused({ ...cifar10, seeds: [6] }, trained(cifar10))
    refused({ ...cifar10, budgets: [999] }, trained(cifar10))
    for (const change of [{ epochs: 199 }, { precision: 'bfloat16' }, { batchSize: 64 }] as const)
      refused(
        { ...cifar10, arms: cifar10.arms.map((arm) => ({ ...arm, spec: { ...arm.spec, ...change } })) },
        trained(cifar10),
      )
  })
})
