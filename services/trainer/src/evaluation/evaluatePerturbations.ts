import { flipProbability, meanFlipProbability } from '@imclr/statistics'
import { type PerturbationBlock } from '@imclr/contract'
import { tableFor } from '../image/corruption/table.js'
import { predictedClasses } from './metrics/answers.js'
import { preparePerturbation } from '../image/perturbation/perturb.js'
import { perturbationKinds, perturbationNames } from '@imclr/contract'
import { perturbations } from '../image/perturbation/table.js'
import type { PictureCache } from './pictureCache.js'
import type { Session } from './session.js'
import { chunks, gather, imageBytes, type TestSplit } from './testSplit.js'

export interface PerturbationOptions {
  test: TestSplit
  /** Positions of the images from which sequences are made, ascending. */
  rows: Uint32Array
  seed: number
  cache: PictureCache
}

/** Measures how often the model's answer changes along the sequences. It does not need labels. */
export async function evaluatePerturbations(
  { test, rows, seed, cache }: PerturbationOptions,
  session: Session,
): Promise<Omit<PerturbationBlock, 'reference'>> {
  const { height, width } = test
  const table = tableFor(height, width)
  const measured: PerturbationBlock['perturbations'] = []
  for (const name of perturbationNames) {
    const { benchmark } = perturbationKinds[name]
    const { comparedWith, parameters } = perturbations[name]
    const { frames, perturb } = preparePerturbation({ height, width, name, seed, table })
    const predicted = new Uint16Array(rows.length * frames)
    for (const { first, size } of chunks(rows.length, frames * imageBytes(test))) {
      const indices = rows.subarray(first, first + size)
      const pictures = await cache.pictures(`sequences-${name}-${first}`, () => perturb(gather(test, indices), indices))
      await session.ask(pictures, { phase: 'perturbation', change: name, severity: null }, (probabilities, at) => {
        predicted.set(predictedClasses({ probabilities, classes: session.classes }), first * frames + at)
      })
    }
    const { frames: _, ...rest } = parameters(table)
    measured.push({
      perturbation: name,
      benchmark,
      frames,
      comparedWith,
      flipProbability: flipProbability(predicted, frames, comparedWith),
      parameters: rest,
    })
  }
  return {
    table,
    images: rows.length,
    total: test.labels.length,
    seed,
    perturbations: measured,
    meanFlip: meanFlipProbability(measured),
  }
}

/** Number of frames in all sequences of one image. */
export function framesPerImage({ height, width }: Pick<TestSplit, 'height' | 'width'>): number {
  const table = tableFor(height, width)
  return perturbationNames.reduce((sum, name) => sum + perturbations[name].parameters(table).frames, 0)
}
