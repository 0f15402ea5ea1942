/**
 * Random numbers that are a function of a seed alone, as one op of a recorded step: the seed is a tensor, so each step
 * has its own.
 */
import { backend, binding, tf, type Tensor } from '../tf.js'
import { opAttribute } from '../opAttributes.js'

const statelessUniformKernel = 'ImclrStatelessUniform'

tf.registerKernel({
  kernelName: statelessUniformKernel,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs }) => {
    const attributes = [
      opAttribute.type('dtype', binding.TF_FLOAT),
      opAttribute.type('T', binding.TF_INT32),
      opAttribute.type('Tseed', binding.TF_INT32),
    ]
    return backend.executeSingleOutput('StatelessRandomUniform', attributes, [inputs.shape!, inputs.seed!])
  },
})

/** Uniform in [0, 1), float32. @param seed int32 `[2]` */
export const statelessUniform = (shape: readonly number[], seed: Tensor): Tensor =>
  tf.tidy(
    () => tf.engine().runKernel(statelessUniformKernel, { shape: tf.tensor1d([...shape], 'int32'), seed }) as Tensor,
  )
