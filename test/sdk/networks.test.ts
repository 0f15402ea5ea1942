/** Uploaded networks and fine-tuning on the real service, from the files to a model that predicts. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BadInputError,
  ConflictError,
  createClient,
  NotFoundError,
  type Client,
  type Dataset,
  type Model,
  type NetworkSummary,
  type TrainOptions,
} from '@imclr/sdk'
import * as tf from '@tensorflow/tfjs'
import { layersModelFiles } from '@imclr/trainer/networks/testing'
import { makeFolder } from '../support/parts.js'
import { standalone, type RunningService } from '../support/runService.js'
import { smallArchive } from '../support/smallArchive.js'
import { someModel } from '../trainer/networks/uploadedModel.js'

const folder = makeFolder('networks')
const normalisation = { mean: [127.5, 127.5, 127.5], std: [127.5, 120, 130] } as {
  mean: [number, number, number]
  std: [number, number, number]
}
const licence = 'Some licence\nwith <two> lines'
const recipe: TrainOptions = { epochs: 2, batchSize: 24, learningRate: 0.02, evaluation: { corruptionImages: 'none' } }

let service: RunningService
let sdk: Client
let dataset: Dataset
let network: NetworkSummary

/** A model's files, the weights in two shards. */
async function writeModel(
  name: string,
  change: (json: { weightsManifest: { paths: string[] }[] }) => void = () => {},
): Promise<string> {
  const model = someModel()
  const { json, weights } = await layersModelFiles(model)
  model.dispose()
  const files = JSON.parse(json.toString()) as { weightsManifest: { paths: string[] }[] }
  files.weightsManifest[0]!.paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin']
  change(files)
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'group1-shard1of2.bin'), weights.subarray(0, 1001))
  writeFileSync(join(path, 'group1-shard2of2.bin'), weights.subarray(1001))
  writeFileSync(join(path, 'model.json'), JSON.stringify(files))
  return join(path, 'model.json')
}

/** Weights of a model as it is hosted, by layer and name. */
async function weightsOf(model: Model): Promise<Map<string, Float32Array>> {
  const net = await tf.loadLayersModel(await model.url())
  const weights = new Map(
    net.weights.map((weight) => [weight.originalName, weight.read().dataSync<'float32'>().slice()]),
  )
  net.dispose()
  return weights
}

beforeAll(async () => {
  service = await standalone()
  sdk = createClient(service)
  const archive = join(folder, 'shapes.zip')
  await smallArchive(archive)
  dataset = await sdk.datasets.upload(archive)
  network = await sdk.networks.upload(await writeModel('some'), { normalisation, licence })
}, 240_000)
afterAll(() => service[Symbol.asyncDispose]())

describe('an uploaded network', { timeout: 240_000 }, () => {
  it('has the layers of its files; the same files are the same network', async () => {
    expect(network).toMatchObject({
      name: 'some',
      smallestSize: 3,
      normalisation,
      licence,
      layers: ['conv1', 'norm1', 'depthwise', 'conv2', 'norm2', 'hidden'],
    })
    expect(network.notes).toEqual(['left out: classes'])
    expect((await sdk.networks.upload(await writeModel('the same'), { normalisation, licence })).id).toBe(network.id)
    expect((await sdk.networks.upload(await writeModel('some'), { licence })).id).not.toBe(network.id)
    expect(await sdk.networks.get(network.id)).toEqual(network)
    expect((await sdk.api.network.list({})).items.map(({ id }) => id)).toContain(network.id)
  })

  it.each(['imclr', 'baseline'] as const)(
    'trains from drawn weights with %s, and its model predicts in this process',
    async (mode) => {
      const model = await (await sdk.train(dataset, { ...recipe, mode, network: network.id })).result()
      expect(model).toMatchObject({ network: network.id, origin: null })
      const net = await sdk.models.load(model)
      expect(net.labels).toEqual(dataset.classes)
      net.dispose()
    },
  )

  it('is fine-tuned: frozen layers do not change by a bit, pixels are normalised as it expects, and the card names its origin', async () => {
    const job = await sdk.train(dataset, { ...recipe, fineTune: { from: network.id, freeze: ['conv*', 'norm1'] } })
    expect(job.spec).toMatchObject({ network: network.id, fineTune: { from: network.id, freeze: ['conv*', 'norm1'] } })
    const model = await job.result()
    expect(model.origin).toEqual({
      id: network.id,
      name: 'some',
      sha256: network.weightsSha256,
      frozen: ['conv1', 'norm1', 'conv2'],
      licence,
    })
    const source = someModel()
    const [before, after] = [
      new Map(source.weights.map((weight) => [weight.originalName, weight.read().dataSync<'float32'>()])),
      await weightsOf(model),
    ]
    for (const [name, values] of before) {
      if (!/^(classes)/.test(name))
        expect([name, Buffer.from(after.get(name)!.buffer).equals(Buffer.from(values.slice().buffer))]).toEqual([
          name,
          /^(conv|norm1)/.test(name),
        ])
    }
    source.dispose()
    expect([...after.get('normalise/moving_mean')!]).toEqual(normalisation.mean)
    expect(Math.sqrt(after.get('normalise/moving_variance')![1]!)).toBeCloseTo(120, 4)
    await model.download(join(folder, 'fine-tuned'))
    const card = readFileSync(join(folder, 'fine-tuned/model-card.md'), 'utf8')
    expect(card).toContain(`(\`${network.id}\`, sha256 \`${network.weightsSha256}\`)`)
    expect(card).toContain('3 of 6 layers kept their weights and statistics: conv1, norm1, conv2.')
    expect(card).toContain('    Some licence\n    with <two> lines')
    // The report shows its name, not its id.
    expect(readFileSync(join(folder, 'fine-tuned/report.html'), 'utf8')).toContain('Network <b>some</b>')

    // Fine-tuning continues from that model: licence and normalisation pass on, and freezing all but the head leaves
    // the body as it is.
    const next = await (
      await sdk.train(dataset, { ...recipe, mode: 'baseline', fineTune: { from: model.id, freeze: 'all-but-head' } })
    ).result()
    expect(next).toMatchObject({ network: network.id, origin: { id: model.id, frozen: network.layers, licence } })
    const last = await weightsOf(next)
    for (const [name, values] of after)
      if (!/^(logits|normalise)/.test(name)) expect([name, ...last.get(name)!]).toEqual([name, ...values])
    expect([...last.get('logits/kernel')!]).not.toEqual([...after.get('logits/kernel')!])
    expect([...last.get('normalise/moving_mean')!]).toEqual(normalisation.mean)
  })

  it('without a normalisation is fine-tuned with a warning', async () => {
    const unknown = await sdk.networks.upload(await writeModel('unknown'))
    const job = await sdk.train(dataset, { ...recipe, epochs: 1, fineTune: { from: unknown.id } })
    const warnings: string[] = []
    await job.result({
      onEvent: ({ event }) => {
        if (event.type === 'log') warnings.push(event.message)
      },
    })
    expect(warnings.join()).toContain('What ' + unknown.id + ' was trained to see was not told')
  })

  it('cannot be deleted while a model is made from it, and can be afterwards', async () => {
    const refused: unknown = await sdk.networks.delete(network).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ConflictError)
    expect((refused as ConflictError).issues.length).toBeGreaterThanOrEqual(3)
    const unused = await sdk.networks.upload(await writeModel('some'), { licence: 'another' })
    await sdk.networks.delete(unused)
    await expect(sdk.networks.get(unused.id)).rejects.toThrow(NotFoundError)
    await expect(sdk.train(dataset, { network: unused.id })).rejects.toThrow(NotFoundError)
  })

  it('is refused if its files are incomplete, or if they point outside their folder', async () => {
    const leaving = await writeModel('leaving', (json) => {
      json.weightsManifest[0]!.paths[1] = '../some/group1-shard2of2.bin'
    })
    await expect(sdk.networks.upload(leaving)).rejects.toMatchObject({ code: 'PATH_LEAVES_FOLDER' })
    const short = await writeModel('short', (json) => {
      json.weightsManifest[0]!.paths.pop()
    })
    const refused: unknown = await sdk.networks.upload(short).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BadInputError)
    expect((refused as BadInputError).issues).toMatchObject([
      {
        path: 'uploadId',
        message: expect.stringMatching(/^The weights have 1001 bytes; model.json describes \d+$/) as string,
      },
    ])
  })
})

describe('fine-tuning from a model of ours', { timeout: 240_000 }, () => {
  it('takes over all layers except the last, and freezes the named ones', async () => {
    const first = await (
      await sdk.train(dataset, { ...recipe, mode: 'baseline', network: 'resnet8', seed: 3 })
    ).result()
    expect(first.layers.slice(0, 3)).toEqual(['stem_conv', 'stem_norm', 'stage1_unit1_conv1'])
    const second = await (
      await sdk.train(dataset, { ...recipe, fineTune: { from: first.id, freeze: ['stem*', 'stage1*'] } })
    ).result()
    expect(second).toMatchObject({
      network: 'resnet8',
      parameters: first.parameters,
      origin: { id: first.id, licence: null },
    })
    const [before, after] = [await weightsOf(first), await weightsOf(second)]
    for (const [name, values] of before) {
      if (!name.startsWith('normalise/'))
        expect([name, Buffer.from(after.get(name)!.buffer).equals(Buffer.from(values.buffer))]).toEqual([
          name,
          /^(stem|stage1)/.test(name),
        ])
    }
    for (const [freeze, message] of [
      [['stage9*'], 'No layer is called stage9*'],
      [['logits'], 'logits is the new last layer'],
    ] as const) {
      await expect(
        sdk.train(dataset, { ...recipe, fineTune: { from: first.id, freeze: [...freeze] } }),
      ).rejects.toMatchObject({
        code: 'BAD_INPUT',
        issues: [{ path: 'spec.fineTune.freeze', message: expect.stringContaining(message) as string }],
      })
    }
    await expect(
      sdk.train(dataset, { ...recipe, network: 'wrn28-2', fineTune: { from: first.id } }),
    ).rejects.toMatchObject({
      issues: [{ path: 'spec.network', message: `${first.id} is made of resnet8, not of wrn28-2` }],
    })
  })
})
