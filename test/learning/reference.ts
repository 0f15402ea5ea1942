import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DatasetManifest, TrainingSpec } from '@imclr/contract'
import { stratifiedOrder } from '@imclr/trainer/random/testing'
import { root } from '../trainer/jobs/harness.js'
import type { Bench } from '../trainer/jobs/harness.js'

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
export async function runReference(
  bench: Bench,
  { python, spec, version, modes, seeds, threads, onResult }: ReferenceOptions,
): Promise<Result[]> {
  const { manifest, versionPrefix } = version
  const size = manifest.picture.height
  const pixelsOf = async (...names: ('train' | 'test' | 'unlabelled')[]) => {
    const images = join(bench.folder, `${names.join('-')}-images.bin`)
    const bytes = await Promise.all(
      names
        .flatMap((name) => manifest.splits[name].shards)
        .map(({ path }) => readFile(bench.objectPath(versionPrefix + path))),
    )
    await writeFile(images, Buffer.concat(bytes))
    return images
  }
  const part = async (name: 'train' | 'test', budget: number | null) => {
    const images = await pixelsOf(name)
    const labelPath = bench.objectPath(versionPrefix + manifest.splits[name].labels!.path)
    if (budget === null) return { images, labels: labelPath }
    const values = await readFile(labelPath)
    const order = stratifiedOrder(
      new Uint16Array(values.buffer.slice(values.byteOffset, values.byteOffset + values.length)),
      manifest.versionId,
      spec.subsetSeed,
    )
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
    decay: spec.decay,
    schedule: scheduleOf(spec),
    emaDecay: spec.emaDecay,
    semiSupervised: semiSupervisedOf(spec, manifest),
    // All there are, without labels
    ...(spec.semiSupervised && { unlabelled: { images: await pixelsOf('train', 'unlabelled') } }),
    ...cropAndFlip(spec.augment, size),
    dropLast: true,
  }
  const path = join(bench.folder, 'recipe.json')
  await writeFile(path, JSON.stringify(recipe))
  const child = spawn(
    python,
    [
      join(root, 'test/pytorch/learn.py'),
      path,
      '--modes',
      ...modes,
      '--seeds',
      ...seeds.map(String),
      '--threads',
      String(threads),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const results: Result[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as Result
    results.push(result)
    onResult(result)
  }
  if (results.length !== modes.length * seeds.length) throw new Error('the PyTorch reference ended before its last run')
  return results
}

function scheduleOf({ schedule: { kind }, rampUp, rampDown, optimizer }: TrainingSpec): string {
  if (
    (kind !== 'cosine' && kind !== 'cosine-7-16') ||
    rampUp ||
    rampDown ||
    optimizer.kind !== 'sgd' ||
    !optimizer.nesterov ||
    optimizer.momentum !== 0.9
  )
    throw new Error('the PyTorch reference knows SGD with Nesterov momentum of 0.9 by one of two cosines alone')
  return kind
}

/**
 * Of the Pi-model on all training images and unlabelled ones with the second view fixed, which is the one that learn.py
 * knows.
 */
function semiSupervisedOf(
  { semiSupervised, validation }: TrainingSpec,
  { splits }: DatasetManifest,
): { weight: number; ratio: number; rampFraction: number } | null {
  if (semiSupervised === null) return null
  const { from, ratio, weight, rampUp } = semiSupervised
  const known =
    semiSupervised.method === 'pi-model' &&
    semiSupervised.target === 'detached' &&
    semiSupervised.batch === 'apart' &&
    semiSupervised.stackUnlabelled &&
    rampUp?.shape === 'linear'
  const takesAll =
    from.includes('labelled') &&
    from.includes('left-over') &&
    (splits.unlabelled.count === 0 || from.includes('unlabelled')) &&
    validation === null
  if (!known || !takesAll) throw new Error('the PyTorch reference knows the modern Pi-model on all images alone')
  return { weight, ratio, rampFraction: rampUp.fraction }
}

/** What learn.py does to an image: crop, mirror. */
function cropAndFlip(
  chain: TrainingSpec['augment'],
  size: number,
): { cropPadding: number; border: string; flip: boolean } {
  const [crop, flip, ...more] = chain
  if (crop?.op !== 'crop' || flip?.op !== 'flip' || flip.probability !== 0.5 || more.length > 0)
    throw new Error('the PyTorch reference knows the chain crop, flip alone')
  return { cropPadding: crop.padding ?? Math.round(size / 8), border: crop.border, flip: true }
}
