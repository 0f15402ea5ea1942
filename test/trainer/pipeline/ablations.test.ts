import { readFile } from 'node:fs/promises'
import { report as reportSchema } from '@imclr/contract'
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

it('a job with another pairing and another test-time input says so in manifest, report and model card, and its model proves itself', { timeout: 180_000 }, async () => {
  const stacking = { pairing: 'same-class', positions: 'drawn', testInput: 'self-mirror' } as const
  const run = bench.train({ job: 'ablation', versionPrefix, spec: { network: 'resnet8', epochs: 2, batchSize: 32, trainImages: 64, stacking, evaluation: { corruptionImages: 'none' } } })
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
  expect((JSON.parse(await text('model.json')) as { modelTopology: unknown }).modelTopology).toMatchObject({ config: { layers: expect.arrayContaining([expect.objectContaining({ class_name: 'Permute' })]) as unknown } })
})
