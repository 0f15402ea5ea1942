/**
 * Run as a child process by the set-up: one training step with a known answer. A crash of a wrong library then ends
 * this process, not the set-up. Prints one line of JSON.
 */
import { createRequire } from 'node:module'
import util from 'node:util'
import { join } from 'node:path'
import { root } from './addon.mjs'

process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
process.env.IS_TEST = '1' // Keeps tfjs from printing its advertisement.
util.isNullOrUndefined ??= (value) => value === null || value === undefined
util.isArray ??= Array.isArray
const tf = createRequire(join(root, 'services', 'trainer', 'package.json'))('@tensorflow/tfjs-node-gpu')

// A 1x1 convolution y = w x on a picture of twos: loss (w*2 - 3)^2 at w = 1 is 1, its gradient 2*(2-3)*2 = -4, so w
// becomes 1.4.
const weight = tf.variable(tf.ones([1, 1, 1, 1]))
const image = tf.fill([1, 4, 4, 1], 2)
const loss = tf.train
  .sgd(0.1)
  .minimize(() => tf.mean(tf.squaredDifference(tf.conv2d(image, weight, 1, 'same'), 3)), true, [weight])
const [lossValue] = loss.dataSync()
const [weightValue] = weight.dataSync()
const good = Math.abs(lossValue - 1) < 1e-5 && Math.abs(weightValue - 1.4) < 1e-5
const { binding } = tf.backend()
console.log(
  JSON.stringify({
    good,
    lossValue,
    weightValue,
    tensorflow: binding.TF_Version,
    gpu: Boolean(binding.isUsingGpuDevice()),
  }),
)
process.exit(good ? 0 : 1)
