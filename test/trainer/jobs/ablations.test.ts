import { readFile } from 'node:fs/promises'
import { report as reportSchema, suspendedExitCode } from '@imclr/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { demoArchive, ofType, openBench, readManifest } from './harness.js'
import type { Bench } from './harness.js'

let bench: Bench
let versionPrefix: string

beforeAll(async () => {
  bench = await openBench()
  ;({ versionPrefix } = await bench.prepare(demoArchive))
}, 180_000)
afterAll(() => bench[Symbol.asyncDispose]())

it(
  'a job with another pairing and another test-time input says so in manifest, report and model card, and its model proves itself',
  { timeout: 180_000 },
  async () => {
    const stacking = { pairing: 'same-class', positions: 'random', testInput: 'self-mirror' } as const
    const run = bench.train({
      job: 'ablation',
      versionPrefix,
      spec: {
        network: 'resnet8',
        epochs: 2,
        batchSize: 32,
        trainImages: 64,
        stacking,
        evaluation: { corruptionImages: 'none' },
      },
    })
    const { exitCode, events, log } = await run.ended
    expect(exitCode, log).toBe(0)
    // Partners of the same class leave the labels as they were.
    expect(ofType(events, 'epoch').map(({ labelEntropy }) => labelEntropy)).toEqual([0, 0])
    const manifest = await readManifest(bench, run)
    expect(manifest.spec.stacking).toMatchObject(stacking)
    expect(manifest.goldenDifference).toBeLessThan(1e-4)
    const text = async (path: string) => (await readFile(bench.objectPath(run.outputPrefix + path))).toString()
    expect(reportSchema.parse(JSON.parse(await text('report.json'))).model.testInput).toBe('self-mirror')
    expect(await text('report.html')).toContain('tested on each picture stacked with its mirror image')
    expect(await text('model-card.md')).toContain('drawn from the training images of the same class')
    expect(await text('model-card.md')).toContain('stacking of a picture with its mirror image')
    expect(JSON.parse(/```json\n([^]*?)\n```/.exec(await text('model-card.md'))![1]!)).toEqual(manifest.spec)
    expect((JSON.parse(await text('model.json')) as { modelTopology: unknown }).modelTopology).toMatchObject({
      config: { layers: expect.arrayContaining([expect.objectContaining({ class_name: 'Permute' })]) as unknown },
    })
  },
)

it(
  'a job that stacks along a random axis, cut off and resumed, ends with the weights of one that was not; its model stands a picture above itself',
  { timeout: 240_000 },
  async () => {
    const spec = {
      network: 'resnet8',
      epochs: 12,
      batchSize: 16,
      trainImages: 64,
      stacking: { axis: 'random' },
      evaluation: { corruptionImages: 'none' },
    } as const
    const whole = bench.train({ job: 'random', versionPrefix, spec })
    const { exitCode, log } = await whole.ended
    expect(exitCode, log).toBe(0)
    const halves = bench.train({ job: 'halves', versionPrefix, spec, checkpointEverySeconds: 0.001 })
    await halves.until(({ type }) => type === 'epoch')
    halves.kill('SIGUSR2')
    expect((await halves.ended).exitCode).toBe(suspendedExitCode)
    const rest = bench.train({ job: 'halves', versionPrefix, spec, attempt: 2 })
    const ended = await rest.ended
    expect(ended.exitCode, ended.log).toBe(0)
    expect(ofType(ended.events, 'started')[0]!.resumedFrom).not.toBeNull()
    const [one, other] = await Promise.all(
      [whole, rest].map(({ outputPrefix }) => readFile(bench.objectPath(`${outputPrefix}weights.bin`))),
    )
    expect(Buffer.compare(one!, other!)).toBe(0)
    expect((await readFile(bench.objectPath(`${whole.outputPrefix}model-card.md`))).toString()).toContain(
      'stacked along the height or the width, drawn for each mini-batch',
    )
    const { modelTopology } = JSON.parse(
      (await readFile(bench.objectPath(`${whole.outputPrefix}model.json`))).toString(),
    ) as { modelTopology: unknown }
    expect(modelTopology).toMatchObject({
      config: {
        layers: expect.arrayContaining([
          expect.objectContaining({ config: expect.objectContaining({ name: 'self_stack', axis: 1 }) as unknown }),
        ]) as unknown,
      },
    })
  },
)
