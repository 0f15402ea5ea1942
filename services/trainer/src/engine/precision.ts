/**
 * Which ops of a recorded step run in bfloat16: convolutions and their padding, batch normalisation, ReLU and the
 * additions of residual branches. Statistics, losses, weights and the optimiser stay in float32 (Kalamkar et al. 2019,
 * "A study of bfloat16 for deep learning training").
 */
import { readFileSync } from 'node:fs'
import { binding } from './tf.js'

export type Precision = 'float32' | 'bfloat16'

export interface LowPrecisionRule {
  /** Which inputs are taken in bfloat16 (the others in float32). */
  inputs: readonly boolean[]
  /** Which outputs are bfloat16. */
  outputs: readonly boolean[]
  /** Runs in bfloat16 only if its activations are bfloat16 already: the op is not worth a conversion. */
  follows?: true
}

export const lowPrecisionRules: Readonly<Record<string, LowPrecisionRule>> = {
  Conv2D: { inputs: [true, true], outputs: [true] },
  Conv2DBackpropInput: { inputs: [false, true, true], outputs: [true] },
  Conv2DBackpropFilter: { inputs: [true, false, true], outputs: [true] },
  FusedBatchNormV3: { inputs: [true, false, false, false, false], outputs: [true, false, false, false, false, false] },
  FusedBatchNormGradV3: {
    inputs: [true, true, false, false, false, false],
    outputs: [true, false, false, false, false],
  },
  Relu: { inputs: [true], outputs: [true], follows: true },
  ReluGrad: { inputs: [true, true], outputs: [true], follows: true },
  LeakyRelu: { inputs: [true], outputs: [true], follows: true },
  LeakyReluGrad: { inputs: [true, true], outputs: [true], follows: true },
  PadV2: { inputs: [true, false, true], outputs: [true], follows: true },
  Slice: { inputs: [true, false, false], outputs: [true], follows: true },
  AddV2: { inputs: [true, true], outputs: [true], follows: true },
}

/**
 * Whether this machine has bfloat16 arithmetic: AVX-512 or AMX with bf16, or a GPU. On some CPUs without AMX it is no
 * faster than float32.
 */
export function supportsBfloat16(): boolean {
  if (binding.isUsingGpuDevice()) return true
  try {
    return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}
