import type { Predict } from './measureModel.js'
import { refuseNotFinite } from './refuseNotFinite.js'

export interface EvaluationProgress {
  phase: 'clean' | 'corruption' | 'perturbation'
  /** Predictions done so far, in all phases together. `total` counts all predictions to do. */
  done: number
  total: number
  /** Name of the corruption or perturbation. */
  change: string | null
  severity: number | null
  imagesPerSecond: number
  secondsLeft: number
}

export interface SessionOptions {
  predict: Predict
  classes: number
  /** Bytes of one image: height x width x 3. */
  imageBytes: number
  /** Number of predictions to do. */
  total: number
  onProgress?: ((progress: EvaluationProgress) => void) | undefined
  /** Returns the seconds since any fixed start. It serves to estimate the time left. */
  clock?: (() => number) | undefined
  signal?: AbortSignal | undefined
  /** Number of images that are predicted at once. */
  batch?: number | undefined
  /** The name of the model, for the failure if it has diverged: "the model after epoch 3". */
  subject?: string | undefined
}

type Where = Pick<EvaluationProgress, 'phase' | 'change' | 'severity'>

/** Asks the model, batch by batch, and reports its progress. */
export interface Session {
  readonly classes: number
  /**
   * Passes every batch of probabilities `[count, classes]` to `use`, with the position of its first image.
   *
   * @param images uint8 `[n, h, w, 3]`
   */
  ask(images: Uint8Array, where: Where, use: (probabilities: Float32Array, first: number) => void): Promise<void>
}

/** Opens a session. Its `ask` throws Failure LOSS_NOT_FINITE if an answer is not finite. */
export function openSession({
  predict,
  classes,
  imageBytes,
  total,
  onProgress,
  clock = () => performance.now() / 1000,
  signal,
  batch = 250,
  subject = 'the model',
}: SessionOptions): Session {
  const start = clock()
  let done = 0
  return {
    classes,
    async ask(images, where, use) {
      const count = images.length / imageBytes
      for (let first = 0; first < count; first += batch) {
        signal?.throwIfAborted()
        const size = Math.min(batch, count - first)
        const probabilities = await predict(images.subarray(first * imageBytes, (first + size) * imageBytes), size)
        if (probabilities.length !== size * classes)
          throw new Error(
            `the model answered with ${probabilities.length} values for ${size} images, ${size * classes} expected`,
          )
        refuseNotFinite({ values: probabilities, classes }, subject)
        use(probabilities, first)
        done += size
        const rate = done / Math.max(1e-9, clock() - start)
        onProgress?.({ ...where, done, total, imagesPerSecond: rate, secondsLeft: (total - done) / rate })
      }
    },
  }
}
