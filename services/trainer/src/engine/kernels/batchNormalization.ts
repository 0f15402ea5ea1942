import { backend, binding, tf, type Tensor, type Tensor1D, type Tensor4D } from '../tf.js'
import { floatType, opAttribute } from '../opAttributes.js'

const forward = 'ImclrBatchNormalization'
const gradient = 'ImclrBatchNormalizationGradient'

export interface BatchNormalizationInput {
  /** `[n, h, w, c]` */
  x: Tensor4D
  /** scale, `[c]` */
  gamma: Tensor1D
  /** shift, `[c]` */
  beta: Tensor1D
  /** moving averages, `[c]` */
  movingMean: Tensor1D
  movingVariance: Tensor1D
  epsilon: number
  /** share of the old moving average that is kept, in [0, 1) */
  momentum: number
}

/**
 * Batch normalisation in training (Ioffe and Szegedy 2015) as one op each way, with the moving averages updated in the
 * same pass. As in PyTorch, y is normalised by the biased variance, and the moving variance averages the unbiased one.
 *
 * @returns `y [n, h, w, c]` and the new moving mean and variance `[c]`; gradients flow to x, gamma and beta.
 */
export function batchNormalization({ epsilon, momentum, ...inputs }: BatchNormalizationInput): {
  y: Tensor4D
  movingMean: Tensor1D
  movingVariance: Tensor1D
} {
  const outputs = tf.engine().runKernel(forward, { ...inputs }, { epsilon, momentum }) as unknown as Tensor[]
  return { y: outputs[0] as Tensor4D, movingMean: outputs[1] as Tensor1D, movingVariance: outputs[2] as Tensor1D }
}

const attributes = (epsilon: number) => [
  floatType,
  opAttribute.type('U', binding.TF_FLOAT),
  opAttribute.float('epsilon', epsilon),
  opAttribute.string('data_format', 'NHWC'),
  opAttribute.bool('is_training', true),
]

tf.registerKernel({
  kernelName: forward,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) => {
    const { x, gamma, beta, movingMean, movingVariance } = inputs as unknown as Omit<
      BatchNormalizationInput,
      'epsilon' | 'momentum'
    >
    const { epsilon, momentum } = attrs as unknown as { epsilon: number; momentum: number }
    const all = [...attributes(epsilon), opAttribute.float('exponential_avg_factor', 1 - momentum)]
    return backend.executeMultipleOutputs('FusedBatchNormV3', all, [x, gamma, beta, movingMean, movingVariance], 6)
  },
})

tf.registerKernel({
  kernelName: gradient,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) => {
    const { dy, x, gamma, mean, variance, reserve } = inputs as Record<string, Tensor>
    const [dx, dGamma, dBeta, ...unused] = backend.executeMultipleOutputs(
      'FusedBatchNormGradV3',
      attributes((attrs as { epsilon: number }).epsilon),
      [dy!, x!, gamma!, mean!, variance!, reserve!],
      5,
    )
    for (const tensor of unused) tensor.dispose()
    return [dx!, dGamma!, dBeta!]
  },
})

tf.registerGradient({
  kernelName: forward,
  inputsToSave: ['x', 'gamma'],
  // The batch's own statistics, in the form the gradient op wants them
  outputsToSave: [false, false, false, true, true, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, gamma, mean, variance, reserve] = saved
    const { epsilon } = attrs as { epsilon: number }
    const [dx, dGamma, dBeta] = tf
      .engine()
      .runKernel(
        gradient,
        { dy: (dys as Tensor[])[0]!, x: x!, gamma: gamma!, mean: mean!, variance: variance!, reserve: reserve! },
        { epsilon },
      ) as unknown as Tensor[]
    return { x: () => dx!, gamma: () => dGamma!, beta: () => dBeta! }
  },
})
