import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type Comparison, type Model } from '@imclr/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recipe } from '../../infra/demo/recipe.js'
import { verdict } from '../../infra/demo/sideBySide.js'
import { makeFolder } from '../support/parts.js'
import { builtStandalone, spawnService } from '../support/spawnService.js'
import { smallArchive } from '../support/smallArchive.js'

const folder = makeFolder('demo')
const archive = join(folder, 'shapes.zip')
const environment = { XDG_STATE_HOME: join(folder, 'state') }
const demo = (...args: string[]) =>
  spawnService(join(import.meta.dirname, '../../infra/dist/demo/demo.js'), args, environment)
const clientOf = (dataDir: string) => {
  const { url, keyFile } = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as {
    url: string
    keyFile: string
  }
  return createClient({ url, apiKey: readFileSync(keyFile, 'utf8').trim() })
}

beforeAll(() => smallArchive(archive))
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('npm run demo -- --data', () => {
  it('trains, compares and predicts on another archive, and leaves a folder that the service goes on from', async () => {
    const dataDir = join(folder, 'whole')
    await using run = demo('--data', archive, '--folder', dataDir, '--epochs', '1')
    expect(await run.end(), run.output()).toBe(0)
    await expect.poll(run.output).toContain(`Go on from here: npm start -- --data-dir ${dataDir}\n`)
    const said = run.output()
    expect(said).toMatch(/^uploading .*\d of \d.* MB$/m)
    expect(said).toMatch(/^Data set shapes: 144 training, 48 test and 0 unlabelled images in 3 classes, 16x16 pixels/m)
    expect(said).toMatch(/^Recipe: resnet8, 1 epoch, batch 64/m)
    for (const mode of ['baseline', 'imclr']) {
      expect(said).toMatch(new RegExp(`^${mode}: submitted as job_\\w+, estimated`, 'm'))
      expect(said).toMatch(new RegExp(`^${mode}: [\\d.]+ % of 48 test images right, kept as mdl_`, 'm'))
      expect(existsSync(join(dataDir, 'models', mode, 'report.html'))).toBe(true)
    }
    expect(said).toMatch(/^ {2}accuracy +[\d.]+ % +[\d.]+ %\n {4}95 % interval \(Wilson\)/m)
    expect(said).toMatch(/^ {2}mean corruption error +[\d.]+ % +[\d.]+ %$/m)
    expect(said).toMatch(
      /^imclr minus baseline, on the same 48 test images: [+-][\d.]+ points of accuracy,\n {2}95 % interval [+-]\d/m,
    )
    expect(said).toMatch(/^This run is too small to show more: with 48 test images/m)
    expect(said).toMatch(/^ {2}golden\/0\.\w+ +is (across|down|square) +model: (across|down|square) \([\d.]+ %\)$/m)

    await using service = spawnService(builtStandalone, ['--data-dir', dataDir, '--port', '0'], environment)
    await service.says('imclr is ready at ')
    const { items } = await clientOf(dataDir).api.model.list()
    expect(items.map(({ name }) => name).sort()).toEqual(['baseline', 'imclr'])
    await service.end('SIGTERM')
  }, 240_000)

  it('closes the service when it is stopped; started again, the service goes on with the training', async () => {
    const dataDir = join(folder, 'stopped')
    await using run = demo('--data', archive, '--folder', dataDir, '--epochs', '5000')
    await run.says('graph float32')
    const { pid } = JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as { pid: number }
    run.signal('SIGTERM')
    await run.says(`Go on from it: npm start -- --data-dir ${dataDir}\n`)
    expect(await run.end()).toBe(143)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')

    await using service = spawnService(builtStandalone, ['--data-dir', dataDir, '--port', '0'], environment)
    await service.says('imclr is ready at ')
    const sdk = clientOf(dataDir)
    const [job] = (await sdk.api.job.list({})).items.filter(({ kind }) => kind === 'train')
    for await (const { event } of (await sdk.jobs.get(job!.id)).events({ after: job!.lastEvent })) {
      if (event.type === 'progress' && event.phase === 'training') break
    }
    await sdk.api.job.cancel({ jobId: job!.id, mode: 'now' })
    await service.end('SIGTERM')
  }, 120_000)

  it.each([
    [
      'a file that is not there',
      ['--data', 'no/such.zip', '--folder', join(folder, 'none')],
      1,
      /The demo failed: .*no\/such\.zip cannot be read[^]*NO_SUCH_FILE\. Check the path/,
    ],
    ['an option that does not exist', ['--date', archive], 2, /Unknown option '--date'\n\nusage: npm run demo/],
    [
      'a number of epochs that is no number',
      ['--epochs', 'many'],
      2,
      /--epochs takes a whole number above zero, not many\n\nusage: npm run demo/,
    ],
  ])('refuses %s', async (_, args, code, words) => {
    await using run = demo(...args)
    expect(await run.end()).toBe(code)
    await expect.poll(run.output).toMatch(words)
  })
})

describe('the recipe', () => {
  const data = (train: number, side: number) =>
    ({ counts: { train, test: 1000, unlabelled: 0 }, picture: { height: side, width: side } }) as unknown as Parameters<
      typeof recipe
    >[0]
  it('is fixed for the images that come along', () => {
    expect(recipe(data(500, 28), true)).toEqual({
      network: 'resnet8',
      epochs: 150,
      batchSize: 64,
      learningRate: 0.1,
      schedule: { kind: 'cosine' },
      weightDecay: 5e-4,
      augment: [{ op: 'crop', padding: 2 }, 'flip'],
      seed: 1,
    })
  })
  it('takes about as many pixels of other data: 150,000 images of 28x28', () => {
    expect(recipe(data(1000, 28), false)).toMatchObject({ epochs: 150, batchSize: 64 })
    expect(recipe(data(5000, 28), false)).toMatchObject({ epochs: 30, batchSize: 128 })
    expect(recipe(data(50_000, 32), false)).toMatchObject({ epochs: 3, batchSize: 128 })
  })
})

describe('the verdict', () => {
  const models = { baseline: {}, imclr: { report: { model: { seed: 1 } } } } as unknown as {
    baseline: Model
    imclr: Model
  }
  const compared = (difference: number, [low, high]: [number, number]) =>
    verdict(
      {
        clean: { images: 2000, difference, interval: { low, high }, mcnemar: { pValue: 0.04 } },
        corruption: null,
        whyNoCorruption: 'other cells',
      } as unknown as Comparison,
      models,
    )

  it.each([
    [0.012, [0.002, 0.022], 'on these test images imclr was better.'],
    [-0.012, [-0.022, -0.002], 'on these test images the baseline was better.'],
    [0.012, [-0.001, 0.025], 'these test images cannot tell the two apart.'],
  ] as const)('of %d in %j: %s', (difference, interval, words) =>
    expect(compared(difference, [...interval])).toContain(words),
  )

  it('says how many points the difference has, and how many would drown: half the interval', () => {
    const text = compared(0.012, [0.002, 0.022])
    expect(text).toContain(
      '+1.20 points of accuracy,\n  95 % interval +0.20 to +2.20 (paired bootstrap), McNemar p = 0.040.',
    )
    expect(text).toContain('with 2000 test images a difference below about 1.0 points drowns')
  })
})
