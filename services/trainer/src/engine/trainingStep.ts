import { applySgd, type SgdOptions } from '../optimizer/sgd.js'
import { updateMovingAverage } from '../optimizer/movingAverage.js'
import { tf, type LayersModel, type Tensor, type Tensor2D, type Variable } from '../tf.js'
import { softmaxCrossEntropy, weightedCrossEntropy } from './kernels/softmaxCrossEntropy.js'
import type { StepDefinition } from './recordGraph.js'

export interface TrainingStepOptions {
  /** From normalised images to logits; the step's variables are its weights. */
  model: LayersModel
  /** Of the images as they enter the network, stacked or not: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
  classes: number
  /** Per channel, in 0..255. */
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
  optimizer: SgdOptions & { decayAll?: boolean }
  /** Share of each label that is spread evenly over all classes, in [0, 1]. */
  labelSmoothing: number
  /**
   * Rows of `labels` do not sum to 1 but to a weight of their input: its cross-entropy is -sum_c labels_c log p_c all the same, what
   * PyTorch's `cross_entropy(weight=)` is for soft labels, and the loss its mean over the batch. @default false
   */
  weightedLabels?: boolean
  /** Per step, in (0, 1); null: no average is kept. */
  emaDecay: number | null
}

export interface TrainingStepDefinition extends StepDefinition {
  /** Where the model's weights begin among the variables, and where their averages do (null without). */
  readonly weights: { start: number; count: number }
  readonly averages: { start: number; count: number } | null
  /** Frees velocities and averages; the model is the caller's. */
  dispose(): void
}

/**
 * One step of training: inputs `images` (uint8 `[n, h, w, 3]`), `labels` (float32 `[n, classes]`, soft, rows summing to 1) and
 * `learningRate` (float32 scalar); results `loss` (scalar, mean over the batch, before weight decay) and `logits` `[n, classes]`.
 * Moving statistics and averages are updated in the same step.
 */
export function trainingStep(options: TrainingStepOptions): TrainingStepDefinition {
  const { model, shape, classes, optimizer, labelSmoothing, emaDecay } = options
  const trained = model.trainableWeights.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable }))
  const weights = model.weights.map((weight) => ({ name: weight.originalName, variable: weight.read() as Variable }))
  const owned = <T extends { name: string; variable: Variable }>(items: readonly T[], prefix: string, initial: (item: T) => Tensor) =>
    items.map((item) => ({ name: `${prefix}/${item.name}`, variable: tf.tidy(() => tf.variable(initial(item), false)) }))
  const velocities = owned(trained, 'velocity', ({ variable }) => tf.zerosLike(variable))
  // All weights are averaged, moving statistics included: the averaged network then has statistics of its own.
  const averages = emaDecay === null ? [] : owned(weights, 'average', ({ variable }) => tf.mul(variable, 1))
  const crossEntropy = options.weightedLabels ? weightedCrossEntropy : softmaxCrossEntropy
  const decays = trained.map(({ variable }) => optimizer.decayAll !== false || variable.rank > 1)

  const run = ({ images, labels, learningRate }: Record<string, Tensor>) => {
    let logits!: Tensor2D
    const { value: loss, grads } = tf.variableGrads(
      () => {
        const normalised = tf.div(tf.sub(images!, tf.tensor1d([...options.mean])), tf.tensor1d([...options.std]))
        logits = tf.keep(model.apply(normalised, { training: true }) as Tensor2D)
        return tf.mean(crossEntropy(smoothLabels(labels as Tensor2D, labelSmoothing), logits)).asScalar()
      },
      trained.map(({ variable }) => variable),
    )
    trained.forEach(({ variable: weight }, index) => {
      const update = { weight, velocity: velocities[index]!.variable, gradient: grads[weight.name]!, learningRate: learningRate! }
      applySgd(update, { ...optimizer, weightDecay: decays[index] ? optimizer.weightDecay : 0 })
    })
    if (emaDecay !== null) weights.forEach(({ variable: value }, index) => updateMovingAverage({ average: averages[index]!.variable, value }, emaDecay))
    return { loss, logits }
  }

  return {
    inputs: {
      images: { shape, dtype: 'uint8' },
      labels: { shape: [shape[0], classes], dtype: 'float32' },
      learningRate: { shape: [], dtype: 'float32' },
    },
    variables: [...weights, ...velocities, ...averages],
    weights: { start: 0, count: weights.length },
    averages: emaDecay === null ? null : { start: weights.length + velocities.length, count: averages.length },
    run,
    dispose: () => [...velocities, ...averages].forEach(({ variable }) => variable.dispose()),
  }
}

/** `(1 - smoothing) * labels + smoothing / classes` (Szegedy et al. 2016), on soft labels as well. */
function smoothLabels(labels: Tensor2D, smoothing: number): Tensor2D {
  if (smoothing === 0) return labels
  return tf.add(tf.mul(labels, 1 - smoothing), smoothing / labels.shape[1]) as Tensor2D
}
