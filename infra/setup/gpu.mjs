import { existsSync } from 'node:fs'

/** `IMCLR_GPU=1` or `0` decides; otherwise a loaded NVIDIA driver does. */
export function wantsGpu(env = process.env) {
  if (env.IMCLR_GPU === '1') return true
  if (env.IMCLR_GPU === '0') return false
  return process.platform === 'linux' && existsSync('/proc/driver/nvidia/version')
}
