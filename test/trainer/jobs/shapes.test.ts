import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { report as reportSchema, type TrainingSpecInput } from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderOf, noise, pngOf, zipOf } from '../ingest/uploads.js'
import type { Entries } from '../ingest/uploads.js'
import { ofType, openBench } from './harness.js'
import type { Bench } from './harness.js'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench[Symbol.asyncDispose]())

/** Many of one class, few of the other, told apart by their brightness. */
const wide: Entries = ['dark', 'bright'].flatMap((name, c) =>
  Array.from({ length: c === 0 ? 40 : 10 }, (_, i): Entries[number] => [
    `${name}/${i}.png`,
    pngOf(
      noise(100 * c + i, 12 * 20 * 3).map((value) => value / 2 + 120 * c),
      { height: 12, width: 20 },
    ),
  ]),
)

const short = {
  network: 'resnet8',
  epochs: 2,
  batchSize: 10,
  augment: [{ op: 'crop', padding: 1 }, 'flip'],
  evaluation: { corruptionImages: 10 },
} satisfies TrainingSpecInput

describe('pictures that are not square', { timeout: 180_000 }, () => {
  it.each([
    ['class-weighted', 'height'],
    ['balanced', 'width'],
  ] as const)(
    'are trained on (%s, stacked along the %s), corrupted, exported and read back',
    async (sampling, axis) => {
      const archive = join(bench.folder, 'wide.zip')
      await writeFile(archive, await zipOf(wide))
      const { versionPrefix, manifest } = await bench.prepare(archive)
      expect(manifest.picture).toMatchObject({ height: 12, width: 20 })
      const run = bench.train({ job: `shape${axis}`, versionPrefix, spec: { ...short, sampling, stacking: { axis } } })
      const { exitCode, events, log } = await run.ended
      expect(exitCode, log).toBe(0)
      for (const { loss, labelEntropy } of ofType(events, 'epoch')) expect(loss).toBeGreaterThan(labelEntropy)
      const report = reportSchema.parse(
        JSON.parse(await readFile(bench.objectPath(`${run.outputPrefix}report.json`), 'utf8')),
      )
      expect(report.dataset.imageSize).toEqual({ height: 12, width: 20 })
      expect(report.corruption).not.toBeNull()
    },
  )
})

describe('the smallest pictures', { timeout: 180_000 }, () => {
  it('have 8 pixels a side', async () => {
    const archive = join(bench.folder, 'small.zip')
    await writeFile(
      archive,
      await zipOf([...folderOf('a', 12, { side: 8 }), ...folderOf('b', 12, { side: 8, seed: 50 })]),
    )
    const { versionPrefix } = await bench.prepare(archive)
    const { exitCode, log } = await bench.train({ job: 'small', versionPrefix, spec: short }).ended
    expect(exitCode, log).toBe(0)
  })
})
