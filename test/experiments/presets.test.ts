/**
 * Runs every preset's shortest form, from upload to page, on the demo's images and the real service. Does the same from
 * a shell.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveDefinition, definitionOf, experimentReport, presets, type ExperimentChoice } from '@imclr/experiments'
import { experimentRuns, networks, presetNames, scales, trainingSpec, type NetworkName } from '@imclr/contract'
import { BadInputError, createClient, type Client, type Dataset } from '@imclr/sdk'
import { checkExperiment, type ExperimentData } from '@imclr/api/experiment/testing'
import { estimateTraining } from '@imclr/api/job/testing'
import { makeFolder } from '../support/parts.js'
import { standalone, type RunningService } from '../support/runService.js'
import { root } from '../trainer/jobs/harness.js'
import { writeDemoPart } from './demoPart.js'

const execute = promisify(execFile)

describe('the presets', () => {
  let service: RunningService
  let sdk: Client
  const archive = join(makeFolder('experiment-data'), 'demo.zip')
  const prepared = new Map<number, Promise<Dataset>>()
  /** The demo's images in the size that a preset needs. */
  const dataset = (side: number) => {
    prepared.set(side, prepared.get(side) ?? sdk.datasets.upload(archive, { name: `demo-${side}`, imageSize: side }))
    return prepared.get(side)!
  }
  beforeAll(async () => {
    await writeDemoPart(archive)
    service = await standalone()
    sdk = createClient(service)
  }, 240_000)
  afterAll(() => service[Symbol.asyncDispose]())

  it.each(presetNames)(
    '%s runs end to end in its shortest form',
    async (name) => {
      const { minSide = 28, labelsPerClass = 2 } = presets[name].requires
      const budgets = name === 'label-budget' ? [50, 100] : [10 * labelsPerClass]
      const { evaluation } = definitionOf(presets[name], 'small').arms[0]!.spec
      const experiment = await sdk.experiments.run(name, {
        dataset: await dataset(minSide),
        scale: 'small',
        seeds: [1],
        budgets,
        overrides: {
          epochs: 1,
          batchSize: 25,
          ...(evaluation.corruptionImages === 'none' ? {} : { evaluation: { ...evaluation, corruptionImages: 20 } }),
        },
      })
      const report = experimentReport.parse(await experiment.result({ everyMs: 300 }))
      expect(report.missing).toEqual([])
      expect(report.plan).toMatchObject({ name: `${name}-small`, claim: presets[name].claim })
      expect(report.budgets.map(({ budget }) => budget)).toEqual(budgets)
      for (const { arms, comparisons } of report.budgets) {
        expect(arms.map(({ arm }) => arm)).toEqual(presets[name].arms.map((arm) => arm.name))
        const meanOf = (named: string) => arms.find(({ arm }) => arm === named)!.mean
        expect(comparisons.map(({ arm, against, published }) => ({ arm, against, published }))).toEqual(
          presets[name].comparisons.map(({ arm, against, published }) => ({ arm, against, published })),
        )
        for (const one of comparisons) {
          // With one seed a difference has no interval over seeds, but it lies within the interval over images.
          expect(one.perSeed).toHaveLength(1)
          expect(one.interval).toBeNull()
          expect(one.bootstrap.low).toBeLessThanOrEqual(one.mean)
          expect(one.bootstrap.high).toBeGreaterThanOrEqual(one.mean)
          expect(one.mean).toBeCloseTo(meanOf(one.arm) - meanOf(one.against), 9)
          if (name === 'corruptions')
            expect(one.corrupted).toMatchObject({
              images: 20,
              perCorruption: expect.objectContaining({ length: 19 }) as unknown[],
            })
        }
      }
      expect(await experiment.page()).toContain(presets[name].title)
    },
    600_000,
  )

  it('refuse data that do not meet their requirements, before any work', async () => {
    const { versionId } = await dataset(28)
    const refusal = await sdk.experiments.run('tiny-imagenet', { dataset: versionId }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(BadInputError)
    expect((refusal as BadInputError).issues[0]).toMatchObject({
      path: 'versionId',
      fix: expect.stringContaining('imageSize: 64') as string,
    })

    // A budget of all 150 training images leaves no image without a label.
    const all = await sdk.experiments
      .run('pi-model', { dataset: versionId, budgets: [150] })
      .catch((error: unknown) => error)
    expect((all as BadInputError).issues).toEqual([
      expect.objectContaining({
        path: 'budgets',
        message: 'pi-model-small needs 100 images without labels; with 150 labels used there are 0',
        fix: 'Use a budget of at most 50, or upload more images under unlabelled/',
      }),
    ])
  })

  it("have compute-matched baselines with ImCLR's compute, in twice the steps or in the same number", async () => {
    const { versionId } = await dataset(28)
    const experiment = await sdk.experiments.run('cifar10', {
      dataset: versionId,
      computeMatched: true,
      seeds: [1],
      budgets: [100],
      overrides: { epochs: 1, batchSize: 25 },
    })
    const {
      budgets: [result],
      plan,
    } = experimentReport.parse(await experiment.result({ everyMs: 300 }))
    expect(plan.name).toBe('cifar10-small-compute-matched')
    expect(result!.arms.map(({ arm, steps, epochs }) => [arm, steps, epochs])).toEqual([
      ['baseline', 4, 1],
      ['imclr', 4, 1],
      ['baseline-epochs-x2', 8, 2],
      ['baseline-batch-x2', 4, 2],
    ])
    expect(result!.comparisons.map(({ against, stepsRatio, published }) => [against, stepsRatio, published])).toEqual([
      ['baseline', 1, 0.14],
      ['baseline-epochs-x2', 0.5, null],
      ['baseline-batch-x2', 1, null],
    ])
  }, 400_000)

  it('run from a shell with progress and files, and run again without training', async () => {
    const out = makeFolder('experiment-out')
    const { IMCLR_URL: _url, IMCLR_API_KEY: _key, ...environment } = process.env
    const command = (...args: string[]) =>
      execute(process.execPath, [join(root, 'infra/dist/experiment/main.js'), ...args], {
        cwd: out,
        env: { ...environment, ...service.environment },
        timeout: 400_000,
      })
    const args = [
      'cifar10',
      '--data',
      archive,
      '--image-size',
      '28',
      '--seeds',
      '1,2',
      '--budgets',
      '100',
      '--epochs',
      '1',
      '--out',
      'first',
    ]
    const first = await command(...args)
    expect(first.stdout).toContain('Using the running service')
    expect(first.stdout).toMatch(/imclr, 100 labels, seed 2: \d+\.\d\d % \(4 of 4\)/)
    expect(first.stdout).toMatch(/imclr minus baseline: [+−]?\d+\.\d\d points of accuracy, 95 % over seeds/)
    for (const file of ['report.html', 'report.json', 'runs.json', 'runs.csv', 'comparisons.csv'])
      expect(existsSync(join(out, 'first', file)), file).toBe(true)
    const runs = experimentRuns.parse(JSON.parse(readFileSync(join(out, 'first/runs.json'), 'utf8')))
    expect(runs.runs).toHaveLength(4)
    expect(readFileSync(join(out, 'first/runs.csv'), 'utf8').trim().split('\n')).toHaveLength(5)
    expect(JSON.stringify(runs.runs[0]).length, 'a run is a few kilobytes').toBeLessThan(8000)

    const jobs = async () => (await sdk.api.job.list({ limit: 200 })).items.length
    const before = await jobs()
    const again = await command(...args.slice(0, -1), 'again')
    expect(again.stdout).toContain('4 of 4 runs had ended before')
    // The upload makes one more prepare job. There is no new training.
    expect(await jobs()).toBe(before + 1)
    expect(readFileSync(join(out, 'again/report.json'), 'utf8')).toBe(
      readFileSync(join(out, 'first/report.json'), 'utf8'),
    )

    const matched = await command(...args.slice(0, -1), 'matched', '--compute-matched').catch(
      (error: { stderr: string }) => error,
    )
    // No batch can have more than the 100 images.
    expect(matched.stderr).toMatch(/baseline-epochs-x2 and baseline-batch-x2 are the same training/)

    await command('report', 'first/runs.json', 'again/runs.json', '--out', 'merged')
    expect(readFileSync(join(out, 'merged/report.json'), 'utf8')).toBe(
      readFileSync(join(out, 'first/report.json'), 'utf8'),
    )

    // Another experiment can use the runs that it shares with this one.
    const part = await command(
      'report',
      'first/runs.json',
      '--as',
      'cifar10',
      '--seeds',
      '2',
      '--budgets',
      '100',
      '--epochs',
      '1',
      '--out',
      'part',
    )
    expect(part.stdout).toContain('imclr minus baseline')
    expect(experimentReport.parse(JSON.parse(readFileSync(join(out, 'part/report.json'), 'utf8')))).toMatchObject({
      plan: { seeds: [2] },
      runs: { planned: 2, there: 2 },
    })
    const none = await command('report', 'first/runs.json', '--as', 'cifar10').catch(
      (error: { stderr: string }) => error,
    )
    expect(none.stderr).toContain('None of the stored runs is one of cifar10-small')
  }, 900_000)
})

describe('the presets as data', () => {
  it.each(presetNames.flatMap((name) => scales.map((scale) => [name, scale] as const)))(
    '%s at %s is a complete experiment and names its sources',
    (name, scale) => {
      const { title, claim, recipe, arms, seeds, comparisons } = definitionOf(presets[name], scale)
      expect([presets[name].name, title.length > 0]).toEqual([name, true])
      expect(claim).toMatch(/arXiv 2011\.12618/)
      expect(recipe).toMatch(/[Ll]earning rate/)
      expect(arms.length).toBeGreaterThanOrEqual(2)
      expect(seeds.length).toBeGreaterThanOrEqual(scale === 'medium' ? 3 : 5)
      for (const { published } of comparisons) expect(published).not.toBeNull()
      // The arms differ only in their own fields. Compared arms differ in exactly one, which the claim is about.
      const changed = (one: object, other: object) =>
        Object.entries(one)
          .filter(([field, value]) => !isDeepStrictEqual(value, (other as Record<string, unknown>)[field]))
          .map(([field]) => field)
      const own = presets[name].arms.flatMap(({ spec }) => Object.keys(spec))
      for (const { spec } of arms) expect(own).toEqual(expect.arrayContaining(changed(spec, arms[0]!.spec)))
      const specOf = (named: string) => arms.find((arm) => arm.name === named)!.spec
      for (const { arm, against } of comparisons)
        expect(changed(specOf(arm), specOf(against)), `${arm} against ${against}`).toHaveLength(1)
    },
  )

  it.each(presetNames.flatMap((name) => scales.map((scale) => [name, scale] as const)))(
    '%s at %s refuses unsuitable data and suggests the nearest suitable choice',
    (name, scale) => {
      const definition = definitionOf(presets[name], scale)
      const {
        requires: { minSide, labelsPerClass, unlabelledImages, testImages },
        budgets,
      } = definition
      const most = Math.max(...budgets.map((budget) => budget ?? 0), 10 * labelsPerClass)
      /** Data that just meet the requirements, in ten classes. */
      const data = ({
        side = Math.max(minSide, 32),
        perClass = Math.ceil(most / 10),
        unlabelled = unlabelledImages,
        test = testImages,
      } = {}): ExperimentData => ({
        classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
        picture: { height: side, width: side, fit: 'crop', kernel: 'lanczos3' },
        counts: { train: 10 * perClass, validation: 0, test, unlabelled },
        perClass: {
          train: Array.from({ length: 10 }, () => perClass),
          validation: new Array<number>(10).fill(0),
          test: Array.from({ length: 10 }, () => test / 10),
        },
      })
      const refusal = (lacking: ExperimentData, path: string): string => {
        const found = checkExperiment(definition, lacking, { preset: name }).filter((issue) => issue.path === path)
        expect(found, path).not.toEqual([])
        return found.map(({ fix }) => fix).join(' | ')
      }
      expect(checkExperiment(definition, data(), { preset: name })).toEqual([])
      if (minSide > 8) expect(refusal(data({ side: minSide - 1 }), 'versionId')).toContain(`imageSize: ${minSide}`)
      expect(refusal(data({ perClass: labelsPerClass - 1 }), 'versionId')).toMatch(/^Add 1 of 'class 0'/)
      expect(refusal(data({ test: testImages - 10 }), 'versionId')).toMatch(/more test images/)
      const few = data({ perClass: labelsPerClass, unlabelled: unlabelledImages + most })
      if (budgets.some((budget) => budget !== null && budget > few.counts.train)) {
        const fix = refusal(few, 'budgets')
        const nearest = JSON.parse(/budgets (\[[^\]]*\])/.exec(fix)![1]!) as (number | null)[]
        expect(checkExperiment({ ...definition, budgets: nearest }, few, { preset: name })).toEqual([])
        // The scale that uses all labels needs no larger number of labels.
        if (presets[name].scales.paper.budgets.every((budget) => budget === null))
          expect(fix).toContain(`take ${name} as it is at scale paper`)
      }
      if (unlabelledImages > 0)
        expect(refusal(data({ unlabelled: 0, perClass: labelsPerClass }), 'budgets')).toMatch(/unlabelled\//)
    },
  )

  it('name in their recipe what a request changed', () => {
    const recipeOf = (choice: Partial<ExperimentChoice>) =>
      resolveDefinition({ experiment: 'cifar10', scale: 'small', computeMatched: false, ...choice }).recipe
    const { recipe } = definitionOf(presets.cifar10, 'small')
    expect([recipeOf({}), recipeOf({ seeds: [7], budgets: [1000], overrides: { epochs: 200 } })]).toEqual([
      recipe,
      recipe,
    ])
    expect(recipeOf({ budgets: [2000, null], overrides: { epochs: 3, augment: [] }, computeMatched: true })).toBe(
      `${recipe} But with 2,000, all labels, epochs 3, another augment.`,
    )
    expect(
      recipeOf({ experiment: { ...definitionOf(presets.cifar10, 'small'), recipe: null }, overrides: { epochs: 3 } }),
    ).toBeNull()
  })

  it('take about half an hour per seed and budget at scale small, on two cores', () => {
    const [tiny, hundred] = [
      { side: 64, classes: 200, train: 100_000 },
      { side: 32, classes: 100, train: 50_000 },
    ]
    const data = {
      'tiny-imagenet': tiny,
      'cutmix-tiny-imagenet': tiny,
      stl10: { side: 96, classes: 10, train: 5000 },
      cifar100: hundred,
      'cutmix-cifar100': hundred,
    } as Record<string, { side: number; classes: number; train: number }>
    for (const name of presetNames) {
      const { side, classes, train } = data[name] ?? { side: 32, classes: 10, train: 50_000 }
      const version = {
        classes: Array.from({ length: classes }, (_, i) => `${i}`),
        picture: { height: side, width: side, fit: 'crop', kernel: 'lanczos3' },
        counts: { train, validation: 0, test: 10_000, unlabelled: 0 },
      } as const
      const { arms, budgets } = definitionOf(presets[name], 'small')
      // 150 stacked images per second of ResNet-20, with three forward passes each.
      const speed = 150 * 3 * 2 * 40.8e6
      const seconds = budgets
        .flatMap((budget) =>
          arms.map(
            ({ spec }) =>
              estimateTraining(trainingSpec.parse({ ...spec, trainImages: budget }), version, {
                network: networks[spec.network as NetworkName],
                training: { multiplyAddsPerSecond: speed, basis: 'measured' },
              }).seconds,
          ),
        )
        .reduce((sum, one) => sum + one, 0)
      console.log(`${name}, small: about ${Math.round(seconds / 60)} min per seed`)
      expect(seconds / budgets.length, name).toBeLessThan(45 * 60)
    }
  })
})
