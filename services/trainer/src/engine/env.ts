/**
 * What TensorFlow reads from the environment, set before it is loaded; a value that the user has set stays.
 * `IMCLR_THREADS` bounds the threads of training (default: one per core).
 */
export function prepareEngineEnvironment(): void {
  const threads = process.env.IMCLR_THREADS || undefined
  const defaults: Record<string, string | undefined> = {
    TF_ENABLE_ONEDNN_OPTS: '1', // worth 2 to 5 times per convolution
    TF_CPP_MIN_LOG_LEVEL: '2', // errors only: stdout and stderr belong to events and our log
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID', // devices are counted as nvidia-smi counts them
    TF_FORCE_GPU_ALLOW_GROWTH: 'true', // else the first job takes the whole GPU
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: threads,
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (value !== undefined) process.env[name] ??= value
  }
}

/** What hides every GPU from TensorFlow. */
const noGpu = { CUDA_VISIBLE_DEVICES: '-1' }

/** Makes this process compute on the CPU, where TensorFlow is not loaded yet. */
export const hideGpus = (): void => void Object.assign(process.env, noGpu)

/** The first GPU that this process may use, as CUDA names it; null: the first of the machine. */
export const firstGpu = (): string | null => process.env.CUDA_VISIBLE_DEVICES?.split(',')[0] || null

/** The environment of a process that tries one device, in which TensorFlow says what it lacks. */
export const trialEnvironment = (device: 'GPU' | 'CPU'): Record<string, string | undefined> => ({
  ...process.env,
  ...(device === 'CPU' && noGpu),
  TF_CPP_MIN_LOG_LEVEL: '0',
})
