import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { GpuFacts } from '@imclr/contract'
import { firstGpu, trialEnvironment } from '../env.js'
import type { StepResult } from './stepProgram.js'

const execute = promisify(execFile)

/** The first step on a GPU loads gigabytes of CUDA. Below the time after which a silent trainer is ended. */
const longestStepMs = 100_000

/** Largest difference of a loss or a weight, in parts of one. GPUs may multiply with 10 bits of mantissa (TF32). */
const tolerance = 0.01

export type Proof = { facts: GpuFacts } | { facts: null; reason: string }

/**
 * Proves that the GPU computes: the same training step on the GPU and on the CPU, each in a process of its own, so that
 * a wrong driver or library ends that process and not the trainer.
 */
export async function proveGpu(): Promise<Proof> {
  try {
    const facts = await readFacts()
    const [onGpu, onCpu] = await Promise.all([runStep('GPU'), runStep('CPU')])
    if (!onGpu.gpu) return { facts: null, reason: `TensorFlow uses no GPU here: ${onGpu.log}` }
    const differing = onCpu.numbers.filter((expected, i) => !(Math.abs(onGpu.numbers[i]! - expected) <= tolerance))
    if (differing.length > 0)
      return {
        facts: null,
        reason: `${differing.length} of ${onCpu.numbers.length} results of a training step on ${facts.gpu} differ from the CPU's`,
      }
    return { facts }
  } catch (error) {
    return { facts: null, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** What the driver says of the first GPU that this process may use. */
async function readFacts(): Promise<GpuFacts> {
  const device = firstGpu()
  const which = device === null ? [] : [`--id=${device}`]
  const query = ['--query-gpu=name,driver_version,compute_cap', '--format=csv,noheader']
  const [line, summary] = await Promise.all([ask([...which, ...query]), ask([...which, '--query'])])
  const [gpu, driver, computeCapability] = line
    .split('\n')[0]!
    .split(',')
    .map((text) => text.trim())
  const cuda = /CUDA Version\s*:\s*([\d.]+)/.exec(summary)?.[1]
  return { gpu, driver, cuda, computeCapability }
}

const ask = (args: string[]): Promise<string> =>
  execute('nvidia-smi', args, { timeout: 30_000 }).then(
    ({ stdout }) => stdout,
    (error: Error & { code?: unknown; stdout?: string }) => {
      const words = error.code === 'ENOENT' ? 'there is no such program' : (error.stdout || error.message).trim()
      throw new Error(`nvidia-smi, which comes with the driver, does not answer: ${words.slice(0, 300)}`)
    },
  )

/** One training step in a process of its own, and the last thing that TensorFlow said in it. */
async function runStep(device: 'GPU' | 'CPU'): Promise<StepResult & { log: string }> {
  const program = fileURLToPath(new URL('stepProgram.js', import.meta.url))
  const options = { env: trialEnvironment(device), timeout: longestStepMs }
  const ended = await execute(process.execPath, [program], options).catch(
    (error: Error & { killed?: boolean; code?: unknown; signal?: unknown; stderr?: string }) => {
      const how = error.killed ? `took more than ${longestStepMs / 1000} s` : `ended with ${error.signal ?? error.code}`
      throw new Error(`a training step ${how}: ${lastWords(error.stderr ?? '')}`)
    },
  )
  return { ...(JSON.parse(ended.stdout) as StepResult), log: lastWords(ended.stderr) }
}

/** The last line that speaks of CUDA or an error, else the last line. */
function lastWords(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const telling = lines.filter((line) => /cuda|cudnn|dlopen|error|fail/i.test(line))
  return (telling.at(-1) ?? lines.at(-1) ?? 'it said nothing').slice(0, 300)
}
