/**
 * What TensorFlow reads from the environment, set before it is loaded; a value that the user has set stays.
 * `IMCLR_THREADS` bounds the threads of training (default: one per core).
 */
export function prepareEngineEnvironment(): void {
  const threads = process.env.IMCLR_THREADS || undefined
  const defaults: Record<string, string | undefined> = {
    TF_ENABLE_ONEDNN_OPTS: '1', // worth 2 to 5 times per convolution
    TF_CPP_MIN_LOG_LEVEL: '2', // errors only: stdout and stderr belong to events and our log
    TF_FORCE_GPU_ALLOW_GROWTH: 'true', // else the first job takes the whole GPU
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: threads,
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (value !== undefined) process.env[name] ??= value
  }
}
