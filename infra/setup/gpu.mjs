import { existsSync } from 'node:fs'
import { SetUpProblem } from './problem.mjs'

/** `IMCLR_GPU` decides: `required` and `preferred` ask for the CUDA engine, `off` for the CPU's. Unset, a loaded NVIDIA driver does. */
export function wantsGpu(env = process.env) {
  switch (env.IMCLR_GPU) {
    case 'required':
    case 'preferred':
      return true
    case 'off':
      return false
    case undefined:
    case '':
      return process.platform === 'linux' && existsSync('/proc/driver/nvidia/version')
    default:
      throw new SetUpProblem('bad-gpu', `IMCLR_GPU=${env.IMCLR_GPU} is none of required, preferred, off`, [
        'set IMCLR_GPU to one of them, or unset it',
      ])
  }
}
