import { tf, type LayersModel, type Tensor4D, type Variable } from './tf.js'
import { makeStep, stateOf, type Step, type StepOptions } from './makeStep.js'

export interface ForwardOptions extends StepOptions {
  /** From pixels 0..255 `[n, h, w, 3]` to `[n, outputs]`, such as `buildServingModel` makes. */
  model: LayersModel
  /** Of one image. */
  height: number
  width: number
  /** Images per run; a smaller last batch is padded and cut. */
  batchSize: number
}

/** A forward pass over byte images in batches of one size. Whoever made it disposes it. */
export interface Forward {
  /** How batches run, after any fallback. */
  readonly execution: Step['execution']
  readonly precision: Step['precision']
  /** Why a graph was asked for and the eager pass runs. The caller announces it. */
  readonly fallbackReason: string | undefined
  readonly outputs: number
  /** @param images uint8 `[count, h, w, 3]`, any count @returns float32 `[count, outputs]` */
  run(images: Uint8Array): Float32Array
  /** Takes over the weights that the model has now. */
  refresh(): void
  dispose(): void
}

/** Images per forward pass of an evaluation. Batches are padded, so a batch is no larger than a cell of the grid. */
export function evaluationBatch(images: number, perCell: number | 'all' | 'none'): number {
  const cell = typeof perCell === 'number' ? Math.max(50, perCell) : images
  return Math.min(250, images, cell)
}

/** Records the evaluation's forward pass with the weights that the model has now. */
export function recordForward({ model, height, width, batchSize, execution, precision }: ForwardOptions): Forward {
  const definition = {
    inputs: { images: { shape: [batchSize, height, width, 3], dtype: 'uint8' as const } },
    variables: model.weights.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable })),
    run: ({ images }: Record<string, unknown>) => ({
      outputs: tf.tidy(() => model.apply(images as Tensor4D, { training: false }) as Tensor4D),
    }),
  }
  const step = makeStep(definition, { execution, precision })
  const outputs = model.outputs[0]!.shape.at(-1)!
  const imageBytes = height * width * 3
  const padded = new Uint8Array(batchSize * imageBytes)

  return {
    execution: step.execution,
    precision: step.precision,
    fallbackReason: step.fallbackReason,
    outputs,
    run(images) {
      const count = images.length / imageBytes
      if (!Number.isInteger(count))
        throw new RangeError(`${images.length} bytes are not whole images of ${height} x ${width} x 3`)
      const results = new Float32Array(count * outputs)
      for (let first = 0; first < count; first += batchSize) {
        const present = Math.min(batchSize, count - first)
        const bytes = images.subarray(first * imageBytes, (first + present) * imageBytes)
        if (present < batchSize) padded.set(bytes)
        const batch = step.step({ images: present < batchSize ? padded : bytes }).outputs!
        results.set(batch.subarray(0, present * outputs), first * outputs)
      }
      return results
    },
    refresh: () => step.writeVariables(stateOf(definition)),
    dispose: () => step.dispose(),
  }
}
