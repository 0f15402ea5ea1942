import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../support/parts.js'

const folder = makeFolder('bench')
const program = join(import.meta.dirname, '../dist/bench/main.js')
const { IMCLR_BENCH_PYTHON: _python, ...environment } = process.env
afterAll(() => rm(folder, { recursive: true, force: true }))

/** That the bench runs and says what it measured; how fast anything is, is not for a test. */
describe('npm run bench', () => {
  it('prints its sections, and writes the same as JSON', async () => {
    const json = join(folder, 'bench.json')
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, '--quick', '--repeats', '1', '--only', 'steps,epochs,corruptions,prepare', '--json', json],
      { env: environment },
    )
    const said = JSON.parse(readFileSync(json, 'utf8')) as Record<string, Record<string, unknown>[]>
    const positive = expect.toSatisfy(
      (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value),
    ) as number
    const spread = { median: positive, smallest: positive, largest: positive }

    for (const contender of ['graph float32', 'eager float32']) {
      expect(said.steps).toContainEqual({
        network: 'resnet20',
        input: '64x32',
        batch: 16,
        contender,
        imagesPerSecond: positive,
        ratio: null,
        peakMegabytes: positive,
        version: expect.stringMatching(/^2\.21/),
      })
    }
    expect(said.epochs).toHaveLength(7)
    for (const row of said.epochs!) {
      expect(row).toMatchObject({ ratio: spread, stepsAloneImagesPerSecond: positive, epochImagesPerSecond: positive })
      expect((row.ratio as typeof spread).median).toBeCloseTo(
        (row.epochImagesPerSecond as number) / (row.stepsAloneImagesPerSecond as number),
        6,
      )
    }
    expect(new Set(said.corruptions!.map(({ corruption }) => corruption)).size).toBe(15 + 4)
    expect(said.corruptions![0]).toMatchObject({ images: 200, side: 32, secondsPerCell: positive })
    expect(said.prepare).toEqual([
      { archive: expect.stringContaining('demo'), images: 6500, seconds: positive, imagesPerSecond: positive },
    ])
    for (const [section, column] of [
      ['steps', 'peakMegabytes'],
      ['epochs', 'ratio'],
      ['corruptions', 'secondsPerCell'],
      ['prepare', 'imagesPerSecond'],
    ]) {
      expect(stdout).toMatch(new RegExp(`^${section}\n .*${column}`, 'm'))
    }
  }, 600_000)

  it.each([
    [['--repeats', '0'], '--repeats takes a whole number above zero, not 0'],
    [['--only', 'steps,nothing'], 'there is no section nothing'],
  ])('refuses %j', async (args, words) => {
    const { code, stderr } = (await promisify(execFile)(process.execPath, [program, ...args], {
      env: environment,
    }).catch((error: unknown) => error as { code: number; stderr: string })) as { code?: number; stderr: string }
    expect(code).toBe(2)
    expect(stderr).toContain(words)
  })
})
