import { definitionOf, presets, withComputeMatched, type ExperimentReport } from '@imclr/experiments'
import { presetNames, type Experiment, type ExperimentRuns, type TrainJob } from '@imclr/contract'
import { schema } from '@imclr/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVersion, smallExperiment, smallSpec, trainJob, type MadeVersion } from './makeThings.js'
import { stacks, startTestApi, type TestApi } from './testApi.js'

describe.each(stacks)('experiments on %s', (stack) => {
  let api: TestApi
  let version: MadeVersion
  beforeAll(async () => {
    api = await startTestApi({ stack })
    version = await makeVersion(api)
  })
  afterAll(() => api[Symbol.asyncDispose]())

  const create = (change: object = {}, versionId = version.versionId) =>
    api.mutate<Experiment>('experiment.create', { versionId, experiment: smallExperiment, ...change })
  const get = (experimentId: string) => api.query<Experiment>('experiment.get', { experimentId })
  const train = (jobId: string, right: number) => trainJob(api, jobId, { versionId: version.versionId, right })
  const jobs = async () =>
    (await api.query<{ items: TrainJob[] }>('job.list', { versionId: version.versionId, kind: 'train', limit: 200 }))
      .items

  it('submits a job for every arm, seed and budget, paired by the seed', async () => {
    const experiment = await create({ seeds: [3, 8], budgets: [30, null] })
    expect(experiment).toMatchObject({
      name: 'small',
      state: 'running',
      preset: null,
      scale: null,
      runs: { total: 8, unfinished: 8, succeeded: 0, withoutResult: 0 },
    })
    expect(experiment.allRuns.map(({ arm, seed, budget }) => `${seed} ${budget} ${arm}`)).toEqual([
      '3 30 baseline',
      '3 30 imclr',
      '3 null baseline',
      '3 null imclr',
      '8 30 baseline',
      '8 30 imclr',
      '8 null baseline',
      '8 null imclr',
    ])
    expect(experiment.secondsLeft).toBeGreaterThan(8)
    const submitted = await jobs()
    expect(submitted).toHaveLength(8)
    for (const { arm, seed, budget, jobId } of experiment.allRuns) {
      expect(submitted.find(({ id }) => id === jobId)).toMatchObject({
        state: 'queued',
        spec: { mode: arm, seed, subsetSeed: seed, trainImages: budget, network: 'resnet8', epochs: 2 },
      })
    }
  })

  it('is one experiment however often it is created, and shares runs with others', async () => {
    const experiment = await create({ seeds: [3, 8], budgets: [30, null] })
    expect(await jobs()).toHaveLength(8)
    const more = await create({ seeds: [3, 8, 9], budgets: [null] })
    expect(more.id).not.toBe(experiment.id)
    expect(await jobs()).toHaveLength(10)
    const jobOf = ({ allRuns }: Experiment, arm: string) =>
      allRuns.find((run) => run.seed === 8 && run.budget === null && run.arm === arm)?.jobId
    expect(jobOf(more, 'imclr')).toBe(jobOf(experiment, 'imclr'))
    // A training that somebody submitted on their own is one too.
    const own = await api.mutate<TrainJob>('job.submit', {
      versionId: version.versionId,
      spec: { ...smallSpec, mode: 'imclr', seed: 77, subsetSeed: 77 },
    })
    expect((await create({ seeds: [77] })).allRuns.map(({ jobId }) => jobId)).toContain(own.id)
    // So is one from a time when specs had fewer fields.
    const isTaken = async (seed: number, change: object) => {
      const old = await api.mutate<TrainJob>('job.submit', {
        versionId: version.versionId,
        spec: { ...smallSpec, mode: 'imclr', seed, subsetSeed: seed },
      })
      const {
        clipNorm: _,
        stacking: { positions: __, ...stacking },
        ...fields
      } = old.spec
      await api.dependencies.database.queries
        .update(schema.job)
        .set({ spec: { ...fields, stacking, ...change } as never })
        .where(eq(schema.job.id, old.id))
      return (await create({ seeds: [seed] })).allRuns.some(({ jobId }) => jobId === old.id)
    }
    expect(await isTaken(78, {})).toBe(true)
    expect(await isTaken(79, { clipNorm: 1 })).toBe(false)
    expect((await api.query<{ items: Experiment[] }>('experiment.list')).items.map(({ runs }) => runs.total)).toEqual([
      2, 2, 2, 6, 8,
    ])
  })

  it('reports the runs that have a result, stores their records, and then no longer needs the models', async () => {
    const { id, allRuns } = await create({ seeds: [21, 22] })
    const models = []
    for (const { arm, seed, jobId } of allRuns.slice(0, 3))
      models.push(await train(jobId, arm === 'imclr' ? 24 : seed === 21 ? 20 : 18))
    // Its results were not kept yet, so the model is needed.
    expect(await api.refusal('mutation', 'model.delete', { modelId: models[0]!.modelId })).toMatchObject({
      code: 'IN_USE',
      issues: [{ code: 'experiment' }],
    })
    const partial = await api.query<ExperimentReport>('experiment.report', { experimentId: id })
    expect(partial).toMatchObject({
      runs: { planned: 4, there: 3 },
      missing: [{ arm: 'imclr', seed: 22, why: 'it has not ended' }],
      data: { content: version.manifest.contentSha256, testImages: 30 },
    })
    expect(partial.budgets[0]!.comparisons[0]!.perSeed).toMatchObject([{ seed: 21, onlyFirst: 0, onlySecond: 4 }])
    for (const { modelId } of models) await api.mutate('model.delete', { modelId })
    expect(await api.refusal('mutation', 'job.delete', { jobId: allRuns[0]!.jobId })).toMatchObject({ code: 'IN_USE' })

    await train(allRuns[3]!.jobId, 25)
    expect(await get(id)).toMatchObject({
      state: 'succeeded',
      secondsLeft: null,
      runs: { succeeded: 4 },
      allRuns: [{ accuracy: 20 / 30, modelId: null }, { accuracy: 0.8 }, { accuracy: 0.6 }, { accuracy: 25 / 30 }],
    })
    const report = await api.query<ExperimentReport>('experiment.report', { experimentId: id })
    // 24 - 20 and 25 - 18 of 30 images.
    expect(report.budgets[0]!.comparisons[0]).toMatchObject({
      arm: 'imclr',
      against: 'baseline',
      perSeed: [{ difference: 4 / 30 }, { difference: 7 / 30 }],
      stepsRatio: 1,
    })
    expect(report.budgets[0]!.comparisons[0]!.mean).toBeCloseTo(5.5 / 30, 12)
    const stored = await api.query<ExperimentRuns>('experiment.runs', { experimentId: id })
    expect(stored.runs.map(({ arm, seed, spec }) => [arm, seed, spec.subsetSeed, spec.batchSize])).toEqual([
      ['baseline', 21, 21, 20],
      ['imclr', 21, 21, 20],
      ['baseline', 22, 22, 20],
      ['imclr', 22, 22, 20],
    ])
    expect((await api.query<{ html: string }>('experiment.page', { experimentId: id })).html).toMatch(
      /^<!doctype html>[\s\S]*Small/,
    )
  })

  it('uses a training that is evaluated further than it needs, and stores the part that it needs', async () => {
    const wanting = (evaluation: object) =>
      create({
        seeds: [91],
        overrides: {
          evaluation: { corruptionImages: 'none', perturbationImages: 'none', referenceModelId: null, ...evaluation },
        },
      })
    const jobsOf = ({ allRuns }: Experiment) => allRuns.map(({ jobId }) => jobId)
    const further = await create({ seeds: [91] })
    const plain = await wanting({})
    expect(jobsOf(plain)).toEqual(jobsOf(further))
    for (const other of [await wanting({ corruptionImages: 50 }), await wanting({ perturbationImages: 50 })]) {
      for (const jobId of jobsOf(further)) expect(jobsOf(other)).not.toContain(jobId)
      await api.mutate('experiment.cancel', { experimentId: other.id })
    }
    for (const jobId of jobsOf(further)) await train(jobId, 20)
    const evaluations = async (experimentId: string) =>
      (await api.query<ExperimentRuns>('experiment.runs', { experimentId })).runs.map(
        ({ spec }) => (spec.evaluation as { corruptionImages: unknown }).corruptionImages,
      )
    expect([await evaluations(further.id), await evaluations(plain.id)]).toEqual([
      [1000, 1000],
      ['none', 'none'],
    ])
  })

  it('submits again what failed or was canceled, and nothing else', async () => {
    const { id, allRuns } = await create({ seeds: [31, 32] })
    await train(allRuns[0]!.jobId, 20)
    const canceled = await api.mutate<Experiment>('experiment.cancel', { experimentId: id })
    expect(canceled).toMatchObject({ state: 'incomplete', runs: { succeeded: 1, withoutResult: 3, unfinished: 0 } })
    expect(canceled.allRuns[1]).toMatchObject({ state: 'canceled', whyNoResult: 'its job was canceled' })
    const again = await create({ seeds: [31, 32] })
    expect(again).toMatchObject({ id, state: 'running', runs: { succeeded: 1, unfinished: 3 } })
    expect(again.allRuns.map(({ jobId }, i) => jobId === allRuns[i]!.jobId)).toEqual([true, false, false, false])
  })

  it('leaves runs alone that another experiment has too', async () => {
    const [one, two] = [await create({ seeds: [41] }), await create({ seeds: [41, 42] })]
    expect((await api.mutate<Experiment>('experiment.cancel', { experimentId: two.id })).runs).toMatchObject({
      unfinished: 2,
      withoutResult: 2,
    })
    expect(await get(one.id)).toMatchObject({ state: 'running', runs: { unfinished: 2 } })
  })

  it('is deleted with its runs or without them, once they have ended', async () => {
    const { id, allRuns } = await create({ seeds: [51] })
    expect(await api.refusal('mutation', 'experiment.delete', { experimentId: id })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('2 runs') as string,
    })
    for (const { jobId } of allRuns) await train(jobId, 20)
    await api.mutate('experiment.delete', { experimentId: id })
    expect(await api.refusal('query', 'experiment.get', { experimentId: id })).toMatchObject({ code: 'NOT_FOUND' })
    const again = await create({ seeds: [51] })
    expect(again).toMatchObject({ state: 'succeeded' }) // the jobs were kept, and are found again
    for (let i = 0; i < 2; i++)
      await api.mutate(
        'experiment.delete',
        { experimentId: again.id, runs: 'delete' },
        { idempotencyKey: 'delete-experiment-51' },
      )
    expect(await api.refusal('query', 'job.get', { jobId: allRuns[0]!.jobId })).toMatchObject({ code: 'NOT_FOUND' })
  })

  it("adds compute-matched baselines where asked for: ImCLR's compute, spent on single images", async () => {
    const { definition, allRuns } = await create({
      seeds: [71],
      computeMatched: true,
      overrides: { rampUp: { epochs: 1, shape: 'linear' } },
    })
    expect(
      definition.arms.map(({ name, spec }) => [name, spec.mode, spec.epochs, spec.batchSize, spec.rampUp?.epochs]),
    ).toEqual([
      ['baseline', 'baseline', 2, 20, 1],
      ['imclr', 'imclr', 2, 20, 1],
      ['baseline-epochs-x2', 'baseline', 4, 20, 2],
      ['baseline-batch-x2', 'baseline', 4, 40, 2],
    ])
    expect(definition.comparisons.map(({ arm, against, published }) => [arm, against, published])).toEqual([
      ['imclr', 'baseline', null],
      ['imclr', 'baseline-epochs-x2', null],
      ['imclr', 'baseline-batch-x2', null],
    ])
    expect([definition.name, allRuns.length]).toEqual(['small-compute-matched', 4])
    // Three images in an input take three times the compute.
    const three = await create({ seeds: [71], computeMatched: true, overrides: { stacking: { images: 3 } } })
    expect(
      three.definition.arms.slice(2).map(({ name, spec: { epochs, batchSize } }) => [name, epochs, batchSize]),
    ).toEqual([
      ['baseline-epochs-x3', 6, 20],
      ['baseline-batch-x3', 6, 60],
    ])
    // Of a preset: those of the comparison without ImCLR, beside all that the preset has.
    const small = { seeds: [71], budgets: [30], overrides: { ...smallSpec, network: 'resnet8' } }
    expect(withComputeMatched(definitionOf(presets['cutmix-cifar100'], 'small'))!.arms.map(({ name }) => name)).toEqual(
      ['baseline', 'imclr', 'cutmix', 'imclr-cutmix', 'cutmix-epochs-x2', 'cutmix-batch-x2'],
    )
    for (const { id } of [three, await create({ ...small, computeMatched: true })])
      await api.mutate('experiment.cancel', { experimentId: id })
    const [baseline] = smallExperiment.arms
    const refusal = async (change: object) =>
      (
        await api.refusal('mutation', 'experiment.create', {
          versionId: version.versionId,
          experiment: smallExperiment,
          computeMatched: true,
          ...change,
        })
      ).issues
    expect(await refusal({ experiment: { ...smallExperiment, arms: [baseline] } })).toMatchObject([
      { path: 'computeMatched', fix: expect.any(String) as string },
    ])
    // With 20 images a batch of 40 is one of 20.
    expect(await refusal({ budgets: [20] })).toMatchObject([
      {
        path: 'budgets',
        message:
          'With 20 labels baseline-epochs-x2 and baseline-batch-x2 are the same training: a batch has no more images than there are',
        fix: 'Use at least 40 labels, or change batchSize',
      },
    ])
  })

  it('gives the same answer to the same idempotency key', async () => {
    const input = { versionId: version.versionId, experiment: smallExperiment, seeds: [61] }
    const [a, b] = await Promise.all(
      [1, 2].map(() => api.mutate<Experiment>('experiment.create', input, { idempotencyKey: 'experiment-61' })),
    )
    expect(a!.id).toBe(b!.id)
    expect((await jobs()).filter(({ spec }) => spec.seed === 61)).toHaveLength(2)
  })

  describe('refuses before any work', () => {
    const refused = (change: object) =>
      api.refusal('mutation', 'experiment.create', {
        versionId: version.versionId,
        experiment: smallExperiment,
        ...change,
      })
    const only = async (change: object) => {
      const { code, issues } = await refused(change)
      return { code, issues: issues.map(({ path, message, fix }) => `${path}: ${message}. ${fix}`) }
    }

    it('data that do not suit a preset, with the reason and the nearest thing that would work', async () => {
      // The data: 60 training images of three classes, 30 test images, 32 x 32 pixels, none unlabelled.
      const smaller = presetNames
        .filter((name) => !['tiny-imagenet', 'cutmix-tiny-imagenet', 'stl10'].includes(name))
        .join(', ')
      expect(await only({ experiment: 'tiny-imagenet' })).toEqual({
        code: 'BAD_INPUT',
        issues: [
          `versionId: tiny-imagenet-small is for images of at least 64 pixels a side; these have 32 x 32. Prepare the data set with imageSize: 64, or run a preset for smaller images: ${smaller}`,
          'budgets: tiny-imagenet-small asks for 2000 labels; the data set has 60 training images. The nearest that works: budgets [60]',
          'versionId: tiny-imagenet-small needs 100 test images to tell its arms apart; there are 30. Give more test images, or prepare the data set with a larger testFraction',
        ],
      })
      expect((await only({ experiment: 'label-budget', budgets: [9, 45, 1000] })).issues.slice(0, 2)).toEqual([
        'budgets: label-budget-small asks for 1000 labels; the data set has 60 training images. The nearest that works: budgets [15, 45, 60]',
        'budgets: label-budget-small needs 5 labels per class, 15 for 3 classes; 9 is too few. The nearest that works: budgets [15, 45, 60]',
      ])
      expect(
        (await only({ experiment: { ...smallExperiment, requires: { labelsPerClass: 25, testImages: 30 } } })).issues,
      ).toEqual([
        "versionId: small needs 25 training images of every class; 'cat' has 20. Add 5 of 'cat', or leave the class out",
      ])
      expect(
        (
          await only({
            experiment: { ...smallExperiment, requires: { unlabelledImages: 50, testImages: 30 } },
            budgets: [20, 9],
          })
        ).issues,
      ).toEqual([
        'budgets: small needs 50 images without labels; with 20 labels used there are 40. Use a budget of at most 10, or upload more images under unlabelled/',
      ])
      // At most 3 labels would be left, and three classes need 6.
      expect(
        (
          await only({
            experiment: { ...smallExperiment, requires: { unlabelledImages: 57, testImages: 30 } },
            budgets: [20],
          })
        ).issues,
      ).toEqual([
        'budgets: small needs 57 images without labels; with 20 labels used there are 40. Upload more images under unlabelled/, or run label-budget, which needs none',
      ])
      expect(
        (await only({ experiment: { ...smallExperiment, requires: { maxSide: 16, testImages: 30 } } })).issues[0],
      ).toMatch(/at most 16 pixels a side; these have 32 x 32/)
    })

    it.each(['title', 'claim', 'recipe'])('a zero character in its %s', async (field) => {
      expect((await refused({ experiment: { ...smallExperiment, [field]: 'a\0b' } })).issues).toMatchObject([
        { path: expect.stringContaining(field) as string },
      ])
    })

    it('arms that no training can run, once per arm', async () => {
      expect((await only({ overrides: { rampUp: { epochs: 5 } }, seeds: [1, 2] })).issues).toEqual([
        'arms.baseline.spec.rampUp.epochs: A ramp of 5 epochs does not fit into 2. Use at most 2',
        'arms.imclr.spec.rampUp.epochs: A ramp of 5 epochs does not fit into 2. Use at most 2',
      ])
    })

    it('definitions that contradict themselves', async () => {
      const arm = smallExperiment.arms[0]!
      for (const [change, path, words] of [
        [{ seeds: [1, 1] }, 'seeds', /seeds has 1 twice/],
        [{ budgets: [null, null] }, 'budgets', /all twice/],
        [{ experiment: { ...smallExperiment, arms: [arm, arm] } }, 'arms', /baseline twice/],
        [{ overrides: { mode: 'imclr' } }, 'arms', /baseline and imclr do not differ/],
        [{ overrides: { seed: 5 } }, 'overrides.seed', /set by the experiment/],
        [
          { experiment: { ...smallExperiment, comparisons: [{ arm: 'cutmix', against: 'baseline' }] } },
          'comparisons[0]',
          /no arm cutmix/,
        ],
        [
          { experiment: { ...smallExperiment, comparisons: [{ arm: 'imclr', against: 'imclr' }] } },
          'comparisons[0]',
          /with itself/,
        ],
        [{ seeds: Array.from({ length: 100 }, (_, i) => i), budgets: [6, 9, 12] }, 'seeds', /600 runs; 500/],
      ] as const) {
        const { code, issues } = await refused(change)
        expect(
          [code, issues.some((one) => one.path === path && words.test(one.message))],
          JSON.stringify(issues),
        ).toEqual(['BAD_INPUT', true])
      }
      expect(
        await refused({ experiment: { ...smallExperiment, arms: [{ ...arm, spec: { ...arm.spec, epochs: 0 } }] } }),
      ).toMatchObject({ code: 'BAD_INPUT', issues: [{ path: 'experiment.arms[0].spec.epochs' }] })
      expect(await refused({ experiment: 'cifar1000' })).toMatchObject({
        code: 'BAD_INPUT',
        issues: [{ path: 'experiment' }],
      })
    })
  })

  it('lists the presets with their requirements', async () => {
    const { presets } = await api.query<{ presets: { name: string; scales: { scale: string; runs: number }[] }[] }>(
      'experiment.presets',
    )
    expect(presets.map(({ name }) => name)).toEqual(expect.arrayContaining(['cifar10', 'label-budget']))
    for (const { scales } of presets) expect(scales.map(({ scale }) => scale)).toEqual(['paper', 'medium', 'small'])
    expect(presets.find(({ name }) => name === 'label-budget')!.scales.at(-1)).toMatchObject({ runs: 30 })
  })
})
