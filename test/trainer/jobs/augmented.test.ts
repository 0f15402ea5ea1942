import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TrainingSpecInput } from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoArchive, lossesOf, ofType, openBench } from './harness.js'
import type { Bench, Run } from './harness.js'

/** Every step of a chain, mixed, with AugMix's loss: on 64 of the demo's images. */
const spec: TrainingSpecInput = {
  network: 'resnet8',
  epochs: 3,
  batchSize: 16,
  trainImages: 64,
  learningRate: 0.05,
  evaluation: { corruptionImages: 'none' },
  augment: [
    { op: 'crop', border: 'reflect' },
    'flip',
    'translate',
    'jitter',
    'autoaugment',
    'randaugment',
    'erase',
    'cutout',
    'noise',
    { op: 'augmix', operations: 'all' },
  ],
}

let bench: Bench
let versionPrefix: string
beforeAll(async () => {
  bench = await openBench()
  ;({ versionPrefix } = await bench.prepare(demoArchive))
})
afterAll(() => bench[Symbol.asyncDispose]())

const fileOf = (run: Run, path: string) => readFileSync(bench.objectPath(`${run.outputPrefix}${path}`))
const weightsOf = (run: Run) => createHash('sha256').update(fileOf(run, 'weights.bin')).digest('hex')

describe('a job with the costliest chain', { timeout: 600_000 }, () => {
  it.each([
    ['imclr', 'cutmix', 'mix-first'],
    ['imclr', 'mixup', 'stack-first'],
    ['baseline', 'mixup', 'mix-first'],
  ] as const)('is the same with and without threads, killed and resumed (%s, %s, %s)', async (mode, mix, order) => {
    const options = { versionPrefix, spec: { ...spec, mode, mix, stacking: { order } } }
    const name = `${mode}${mix}`
    const alone = bench.train({ ...options, job: `${name}alone`, env: { IMCLR_BATCH_WORKERS: '0' } })
    const expected = await alone.ended
    expect(expected.exitCode, expected.log).toBe(0)
    for (const { loss, labelEntropy } of ofType(expected.events, 'epoch')) expect(loss).toBeGreaterThan(labelEntropy)

    const threaded = {
      ...options,
      job: `${name}many`,
      env: { IMCLR_BATCH_WORKERS: '2' },
      checkpointEverySeconds: 0.001,
    }
    const first = bench.train({ ...threaded, attempt: 1 })
    await first.until((event) => event.type === 'epoch')
    first.kill('SIGKILL')
    await first.ended
    const second = bench.train({ ...threaded, attempt: 2 })
    const { exitCode, events, log } = await second.ended
    expect(exitCode, log).toBe(0)
    expect(ofType(events, 'started')[0]!.resumedFrom).not.toBeNull()
    expect(lossesOf(events)).toEqual(lossesOf(expected.events))
    expect(weightsOf(second)).toBe(weightsOf(alone))
    expect(fileOf(second, 'model-card.md').toString()).toContain(`mixed in pairs by ${mix}, alpha 1`)
  })
})
