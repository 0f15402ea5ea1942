/** Decides, before TensorFlow is loaded, whether this process computes on a GPU. Nothing in this file loads TensorFlow. */
import { existsSync } from 'node:fs'
import { Failure, type GpuFacts } from '@imclr/contract'
import { gpuWish } from '../../env.js'
import { warner, type Emitter } from '../../events/emitter.js'
import { hideGpus } from '../env.js'
import { proveGpu } from './proveGpu.js'

let chosen: GpuFacts | null = null

/** The GPU that this process computes on; null: the CPU. */
export const chosenGpu = (): GpuFacts | null => chosen

/**
 * Where a GPU is wanted (`IMCLR_GPU`), one training step on it has to give what it gives on the CPU. Where it does not,
 * `preferred` warns in the job's log and computes on the CPU.
 *
 * @throws Failure GPU_UNUSABLE where a GPU is required
 */
export async function chooseDevice(emitter: Emitter): Promise<void> {
  const wish = gpuWish() ?? (existsSync('/proc/driver/nvidia/version') ? 'preferred' : 'off')
  if (wish !== 'off') {
    const proof = await proveGpu()
    if (proof.facts !== null) {
      chosen = proof.facts
      return
    }
    if (wish === 'required') throw new Failure('GPU_UNUSABLE', `the GPU does not compute: ${proof.reason}`)
    warner(emitter)(`the GPU does not compute, and this job runs on the CPU: ${proof.reason}`)
  }
  hideGpus()
}
