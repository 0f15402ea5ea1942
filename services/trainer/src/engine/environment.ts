import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import type { Environment } from '@imclr/contract'
import { trainingThreads } from '../env.js'
import { chosenGpu } from './gpu/chooseDevice.js'
import { binding, tf } from './tf.js'

/** `environment.json`: the software and the machine that a model was trained with. */
export function describeEnvironment(): Environment {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  return {
    imclr: version,
    node: process.versions.node,
    tfjs: tf.version['tfjs-core'],
    tensorflow: binding.TF_Version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
    ...chosenGpu(),
    threads: trainingThreads(),
  }
}
