import { backend, tf, type Tensor, type Tensor1D, type Tensor2D } from '../tf.js'
import { floatType } from '../opAttributes.js'

const kernelName = 'ImclrSoftmaxCrossEntropy'

/**
 * Cross-entropy of soft labels, per row: -sum_c labels_c log softmax(logits)_c. One op gives the loss and its gradient.
 * Gradients flow to the logits alone; asking for the labels' gradient is an error.
 *
 * @param labels `[n, classes]`, each row summing to 1
 * @param logits `[n, classes]`
 * @returns `[n]`, in nats
 */
export function softmaxCrossEntropy(labels: Tensor2D, logits: Tensor2D): Tensor1D {
  const [loss] = tf.engine().runKernel(kernelName, { labels, logits }) as unknown as Tensor[]
  return loss as Tensor1D
}

/**
 * The same sum for rows that add up to anything above 0, which then is a weight of the row: PyTorch's
 * `cross_entropy(weight=)` with soft labels. The op's own gradient holds for rows that add up to 1 alone, so it is
 * given those, and the weight is a factor.
 */
export function weightedCrossEntropy(labels: Tensor2D, logits: Tensor2D): Tensor1D {
  const weights = tf.sum(labels, 1, true)
  return tf.mul(softmaxCrossEntropy(tf.div(labels, weights) as Tensor2D, logits), tf.squeeze(weights, [1])) as Tensor1D
}

tf.registerKernel({
  kernelName,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs }) =>
    backend.executeMultipleOutputs('SoftmaxCrossEntropyWithLogits', [floatType], [inputs.logits!, inputs.labels!], 2),
})

tf.registerGradient({
  kernelName,
  outputsToSave: [false, true],
  gradFunc: (dys, [gradient]) => ({ logits: () => tf.mul(tf.expandDims((dys as Tensor[])[0]!, 1), gradient!) }),
})
