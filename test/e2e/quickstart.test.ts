/** The README's program, as a user runs it, unchanged against both ways to run the service. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeFolder, requirePart } from '../support/parts.js'
import { separate, standalone, type RunningService } from '../support/runService.js'
import { smallArchive } from '../support/smallArchive.js'

const execute = promisify(execFile)
const program = fileURLToPath(new URL('../../sdk/examples/dist/quickstart.js', import.meta.url))
const epochs = 4

async function runQuickstart(service: RunningService): Promise<string> {
  const folder = makeFolder('quickstart')
  const archive = join(folder, 'shapes.zip')
  await smallArchive(archive)
  const { IMCLR_URL: _url, IMCLR_API_KEY: _key, ...environment } = process.env
  const { stdout } = await execute(process.execPath, [program, archive, String(epochs)], {
    cwd: folder,
    env: { ...environment, ...service.environment },
    timeout: 240_000,
  })
  return stdout
}

function expectTheWholeRoad(output: string): void {
  for (let epoch = 1; epoch <= epochs; epoch++)
    expect(output.match(new RegExp(`^epoch ${epoch}: loss `, 'gm')), `epoch ${epoch} once`).toHaveLength(1)
  const accuracy = Number(/^accuracy ([\d.]+), mean corruption error ([\d.]+)$/m.exec(output)?.[1])
  expect(accuracy, 'three kinds of shapes, far above the third that guessing gives').toBeGreaterThan(0.5)
  expect(output).toMatch(/^imclr minus baseline: -?[\d.e-]+, 95 % interval -?[\d.e-]+ to -?[\d.e-]+$/m)
  expect(output).toMatch(/label: '(across|down|square)'/)
}

describe('the quickstart', () => {
  it('runs against the service in one process', async () => {
    await using service = await standalone()
    expectTheWholeRoad(await runQuickstart(service))
  }, 300_000)

  const missing = ['postgres', 'redis', 'minio'].some((part) => !requirePart(part as 'redis'))
  it.skipIf(missing)(
    'runs against API and scheduler over PostgreSQL, Redis and MinIO',
    async () => {
      await using service = await separate()
      expectTheWholeRoad(await runQuickstart(service))
    },
    300_000,
  )

  it('is what the README shows, but for the arguments', () => {
    const lines = (text: string) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
    const readme = lines(
      /<!-- sdk\/examples\/quickstart\.ts.*?-->\n```ts\n(.*?)```/s.exec(
        readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
      )![1]!,
    )
    const file = lines(
      readFileSync(fileURLToPath(new URL('../../sdk/examples/quickstart.ts', import.meta.url)), 'utf8'),
    )
    // The file takes the archive and a short recipe from its arguments, and a picture from the model's golden inputs.
    const own = readme.filter((line) => !file.includes(line))
    expect(own).toEqual([
      "const dataset = await sdk.datasets.upload('pets.zip')",
      "const baseline = await (await sdk.train(dataset, { mode: 'baseline' })).result()",
      "const job = await sdk.train(dataset, { mode: 'imclr', evaluation: { referenceModelId: baseline.id } })",
      "console.log(await net.predict('cat.jpg')) // { label, probability, probabilities }",
    ])
  })
})
