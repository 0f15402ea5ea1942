/**
 * The gradient of a mean: its share, broadcast. tfjs multiplies with a constant of ones as large as the input instead.
 */
import { tf, type Tensor } from '../tf.js'

tf.registerGradient({
  kernelName: 'Mean',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () => {
      const axes = tf.util.parseAxisParam((attrs as { axis: number | number[] }).axis, x!.shape)
      const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1)
      const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      return tf.broadcastTo(tf.reshape(tf.mul(dy as Tensor, 1 / count), kept), x!.shape)
    },
  }),
})
