/** Gradients of ReLU and leaky ReLU as one op each, in place of tfjs' comparisons, casts and products. */
import { backend, tf, type Tensor } from '../../tf.js'
import { floatType, opAttribute } from '../opAttributes.js'

const reluGradient = 'ImclrReluGradient'
const leakyReluGradient = 'ImclrLeakyReluGradient'

tf.registerKernel({
  kernelName: reluGradient,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs }) => backend.executeSingleOutput('ReluGrad', [floatType], [inputs.dy!, inputs.y!]),
})

tf.registerKernel({
  kernelName: leakyReluGradient,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) => backend.executeSingleOutput('LeakyReluGrad', [floatType, opAttribute.float('alpha', (attrs as { alpha: number }).alpha)], [inputs.dy!, inputs.x!]),
})

tf.registerGradient({
  kernelName: 'Relu',
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => tf.engine().runKernel(reluGradient, { dy: dy as Tensor, y: y! }) as Tensor }),
})

tf.registerGradient({
  kernelName: 'LeakyRelu',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({ x: () => tf.engine().runKernel(leakyReluGradient, { dy: dy as Tensor, x: x! }, { alpha: (attrs as { alpha: number }).alpha }) as Tensor }),
})
