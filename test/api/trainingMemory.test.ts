import { totalmem } from 'node:os'
import { apiConfigOf, readServingEnv } from '@imclr/api'
import type { TrainJob, TrainingSpecInput } from '@imclr/contract'
import { readSettings } from '@imclr/standalone'
import { describe, expect, it } from 'vitest'
import { makeVersion, smallExperiment, smallSpec } from './makeThings.js'
import { startTestApi, type TestApi } from './testApi.js'

const gibi = 2 ** 30
/** 60 pictures of 256 x 256, two by two through 110 layers: 120 x 64 x 3.7 million values, 106 GiB. */
const large = {
  network: 'resnet110',
  epochs: 1,
  batchSize: 60,
  evaluation: { corruptionImages: 'none' },
} as const satisfies TrainingSpecInput
const submit = (api: TestApi, versionId: string, spec: TrainingSpecInput) =>
  api.mutate<TrainJob>('job.submit', { versionId, spec })

describe('the memory of a training', () => {
  it('is estimated on submission; nothing is refused where the memory of the machine is unknown', async () => {
    await using api = await startTestApi()
    const { versionId } = await makeVersion(api)
    const { versionId: tall } = await makeVersion(api, { datasetName: 'tall', side: 256 })
    const memory = async (spec: TrainingSpecInput, version = versionId) =>
      (await submit(api, version, spec)).estimate!.memoryBytes!
    const { evaluation } = large
    const [one, two] = [
      await memory({ ...smallSpec, evaluation, batchSize: 20 }),
      await memory({ ...smallSpec, evaluation, batchSize: 40 }),
    ]
    // 20 inputs more of two pictures: 306,442 values of 4 bytes each, and the pictures of 3072 bytes five times.
    expect(two - one).toBe(40 * (306_442 * 4 + 5 * 3072))
    expect(await memory({ ...smallSpec, evaluation, mode: 'baseline', batchSize: 40 })).toBe(one)
    expect(one).toBeGreaterThan(480 * 2 ** 20)
    expect(one).toBeLessThan(600 * 2 ** 20)
    expect(await memory(large, tall)).toBeGreaterThan(100 * gibi)
  })

  it('is refused where the machine has less, with a batch and pictures that would fit, and do', async () => {
    await using api = await startTestApi({ config: { trainerMemoryBytes: 16 * gibi } })
    const { versionId } = await makeVersion(api, { side: 256 })
    const refusal = await api.refusal('mutation', 'job.submit', { versionId, spec: large })
    expect(refusal).toMatchObject({
      code: 'BAD_INPUT',
      issues: [
        {
          path: 'spec.batchSize',
          code: 'does_not_fit',
          message: expect.stringMatching(
            /^This training would take about 1\d\d\.\d GiB of memory, and the machine that trains has 16\.0 GiB$/,
          ) as string,
        },
      ],
    })
    const [, batchSize, imageSize] =
      /^Use batchSize: (\d+) or less, or prepare the data set with imageSize: (\d+) or less, or use a smaller network; or ask the operator .*IMCLR_TRAINER_MEMORY/
        .exec(refusal.issues[0]!.fix!)!
        .map(Number)
    expect((await submit(api, versionId, { ...large, batchSize: batchSize! })).spec.batchSize).toBe(batchSize)
    expect(
      await api.refusal('mutation', 'job.submit', { versionId, spec: { ...large, batchSize: batchSize! + 1 } }),
    ).toMatchObject({ code: 'BAD_INPUT' })
    const { versionId: smaller } = await makeVersion(api, { datasetName: 'smaller', side: imageSize! })
    await submit(api, smaller, large)
    const { versionId: larger } = await makeVersion(api, { datasetName: 'larger', side: imageSize! + 1 })
    expect(await api.refusal('mutation', 'job.submit', { versionId: larger, spec: large })).toMatchObject({
      code: 'BAD_INPUT',
    })
    // An experiment's runs are trainings, too.
    const experiment = {
      ...smallExperiment,
      arms: smallExperiment.arms.map((arm) => ({ ...arm, spec: { ...large, mode: arm.spec.mode } })),
    }
    expect(await api.refusal('mutation', 'experiment.create', { versionId, experiment })).toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('GiB of memory') as string,
    })
  })

  it('is refused where no training of this network would fit', async () => {
    await using api = await startTestApi({ config: { trainerMemoryBytes: 100 * 2 ** 20 } })
    const { versionId } = await makeVersion(api)
    expect(await api.refusal('mutation', 'job.submit', { versionId, spec: smallSpec })).toMatchObject({
      code: 'BAD_INPUT',
      issues: [
        { path: 'versionId', fix: expect.stringMatching(/^Use a smaller network; or ask the operator/) as string },
      ],
    })
  })
})

describe('IMCLR_TRAINER_MEMORY', () => {
  const limitOf = (text?: string) =>
    apiConfigOf(readServingEnv(text === undefined ? {} : { IMCLR_TRAINER_MEMORY: text }), '00'.repeat(32))
      .trainerMemoryBytes

  it.each([
    ['24g', 24 * gibi],
    ['24GiB', 24 * gibi],
    ['1.5 G', 1.5 * gibi],
    ['512m', 2 ** 29],
    ['25769803776', 24 * gibi],
    [undefined, null],
  ])('%s is %s bytes', (text, bytes) => expect(limitOf(text)).toBe(bytes))

  it.each(['lots', '24q', '-1', '0'])('%s is refused by name', (text) =>
    expect(() => limitOf(text)).toThrow(/IMCLR_TRAINER_MEMORY/),
  )

  it('is the memory of the machine in standalone, unless it is set', () => {
    const memoryOf = (variables: Record<string, string>) =>
      readSettings({ help: false }, variables).serving.IMCLR_TRAINER_MEMORY!
    expect(memoryOf({})).toBeGreaterThan(0)
    expect(memoryOf({})).toBeLessThanOrEqual(totalmem())
    expect(memoryOf({ IMCLR_TRAINER_MEMORY: '3g' })).toBe(3 * gibi)
  })
})
