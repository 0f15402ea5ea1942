import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DatasetManifest, TrainingSpec } from '@imclr/contract'
import { stratifiedOrder } from '@imclr/trainer'
import { root } from '../trainer/pipeline/harness.js'
import type { Bench } from '../trainer/pipeline/harness.js'

export type Mode = 'baseline' | 'imclr'
export interface Result {
  mode: Mode
  seed: number
  /** Of the test images, 0..1. */
  accuracy: number
  losses: number[]
}

export interface ReferenceOptions {
  python: string
  spec: TrainingSpec
  version: { versionPrefix: string; manifest: DatasetManifest }
  modes: Mode[]
  seeds: number[]
  threads: number
  onResult: (result: Result) => void
}

/** Trains the same recipe on the same pixels in PyTorch (learn.py). */
export async function runReference(bench: Bench, { python, spec, version, modes, seeds, threads, onResult }: ReferenceOptions): Promise<Result[]> {
  const { manifest, versionPrefix } = version
  const size = manifest.picture.height
  const part = async (name: 'train' | 'test', budget: number | null) => {
    const { shards, labels } = manifest.splits[name]
    const images = join(bench.folder, `${name}-images.bin`)
    const bytes = await Promise.all(shards.map(({ path }) => readFile(bench.objectPath(versionPrefix + path))))
    await writeFile(images, Buffer.concat(bytes))
    const labelPath = bench.objectPath(versionPrefix + labels!.path)
    if (budget === null) return { images, labels: labelPath }
    const values = await readFile(labelPath)
    const order = stratifiedOrder(new Uint16Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.length)), manifest.versionId, spec.subsetSeed)
    return { images, labels: labelPath, positions: Array.from(order.subarray(0, budget)) }
  }
  const recipe = {
    train: await part('train', spec.trainImages),
    test: await part('test', null),
    height: size,
    width: manifest.picture.width,
    classes: manifest.classes.length,
    mean: manifest.channelMean,
    std: manifest.channelStd,
    network: spec.network,
    epochs: spec.epochs,
    batchSize: spec.batchSize,
    learningRate: spec.learningRate,
    weightDecay: spec.weightDecay,
    ...cropAndFlip(spec.augment, size),
    dropLast: true,
  }
  const path = join(bench.folder, 'recipe.json')
  await writeFile(path, JSON.stringify(recipe))
  const child = spawn(python, [join(root, 'test/pytorch/learn.py'), path, '--modes', ...modes, '--seeds', ...seeds.map(String), '--threads', String(threads)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const results: Result[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as Result
    results.push(result)
    onResult(result)
  }
  if (results.length !== modes.length * seeds.length) throw new Error('the PyTorch reference ended before its last run')
  return results
}

/** What learn.py does to an image: crop from black, mirror. */
function cropAndFlip(chain: TrainingSpec['augment'], size: number): { cropPadding: number; flip: boolean } {
  const [crop, flip, ...more] = chain
  if (crop?.op !== 'crop' || crop.border !== 'zero' || flip?.op !== 'flip' || flip.probability !== 0.5 || more.length > 0) throw new Error('the PyTorch reference knows the chain crop, flip alone')
  return { cropPadding: crop.padding ?? Math.round(size / 8), flip: true }
}
