/**
 * A program of its own: one training step of a small network on fixed numbers, on the device that TensorFlow finds. It
 * prints the loss and the weights after the step.
 */
import { binding, tf } from '../tf.js'

export interface StepResult {
  /** Whether it ran on a GPU. */
  gpu: boolean
  numbers: number[]
}

const waves = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i)),
    shape,
  )

const [images, size, channels, classes] = [8, 16, 8, 4]
const pixels = waves([images, size, size, 3]) as ReturnType<typeof tf.tensor4d>
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: images }, (_, i) => i % classes),
    'int32',
  ),
  classes,
)
const filter = tf.variable(waves([3, 3, 3, channels]).mul<ReturnType<typeof tf.tensor4d>>(0.2))
const dense = tf.variable(waves([channels, classes]) as ReturnType<typeof tf.tensor2d>)
const loss = tf.train.sgd(0.1).minimize(
  () => {
    const features = tf.mean<ReturnType<typeof tf.tensor2d>>(tf.relu(tf.conv2d(pixels, filter, 1, 'same')), [1, 2])
    return tf.losses.softmaxCrossEntropy(labels, tf.matMul(features, dense))
  },
  true,
  [filter, dense],
)!
const result: StepResult = {
  gpu: binding.isUsingGpuDevice(),
  numbers: [loss, filter, dense].flatMap((tensor) => [...tensor.dataSync()]),
}
process.stdout.write(JSON.stringify(result))
process.exit(0)
