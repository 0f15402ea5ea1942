import type { CleanMetrics, TrainingSpec } from '@imclr/contract'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { recordForward } from '../engine/recordForward.js'
import type { LayersModel } from '../engine/tf.js'
import { cleanMetrics } from './metrics/cleanMetrics.js'
import { refuseNotFinite } from './refuseNotFinite.js'

export interface ScorerOptions {
  /** The serving model, from pixels 0..255 to probabilities. */
  model: LayersModel
  /** uint8 `[count, height, width, 3]` */
  images: Uint8Array
  labels: Uint16Array
  height: number
  width: number
  classNames: readonly string[]
  spec: Pick<TrainingSpec, 'execution' | 'precision'>
}

export interface Scorer {
  /**
   * Measures the model with its current weights.
   *
   * @param subject the model's name
   * @throws Failure LOSS_NOT_FINITE when an answer is not finite
   */
  score(subject: string): Promise<CleanMetrics>
  dispose(): void
}

/** Number of images per forward pass. */
const batchSize = 250

/**
 * Opens a scorer that measures a model on one part of the data, as often as asked. It records the forward pass once.
 * The caller must dispose the scorer.
 */
export function openScorer({ model, images, labels, height, width, classNames, spec }: ScorerOptions): Scorer {
  const batch = Math.min(batchSize, labels.length)
  const forward = recordForward({
    model,
    height,
    width,
    batchSize: batch,
    execution: spec.execution,
    precision: spec.precision,
  })
  const size = batch * height * width * 3
  const classes = classNames.length
  return {
    async score(subject) {
      forward.refresh()
      const probabilities = new Float32Array(labels.length * classes)
      for (let i = 0; i * size < images.length; i++) {
        probabilities.set(forward.run(images.subarray(i * size, (i + 1) * size)), i * batch * classes)
        await yieldToEventLoop() // signals arrive here
      }
      refuseNotFinite({ values: probabilities, classes }, subject)
      return cleanMetrics({ probabilities, labels, classes }, classNames)
    },
    dispose: () => forward.dispose(),
  }
}

export async function scoreOnce(options: ScorerOptions, subject: string): Promise<CleanMetrics> {
  const scorer = openScorer(options)
  try {
    return await scorer.score(subject)
  } finally {
    scorer.dispose()
  }
}
