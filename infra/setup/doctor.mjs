/**
 * `npm run doctor [-- --json]` shows this machine, its engine and its GPU, and whether a job could run. Exit code 0 if
 * it could.
 */
import { statfsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkNode } from '../run/prepare.mjs'
import { enginePackage, isInPlace, root } from './addon.mjs'
import { cacheFolder } from './cacheFolder.mjs'
import { runCommand } from './command.mjs'
import { findCompiler } from './compiler.mjs'
import { wantsGpu } from './gpu.mjs'
import { pinFor } from './pins.mjs'
import { findPython } from './python.mjs'
import { readOptions } from './readOptions.mjs'
import { cachedLibrary, givenLibrary } from './tensorflow.mjs'

/**
 * @typedef {{ name: string, state: 'ok' | 'note' | 'missing', value: string, fix?: string[] }} Finding `missing`: a job
 * cannot run
 */

/** @returns {Promise<{ ok: boolean, findings: Finding[] }>} */
export async function examine() {
  const flags = await cpuFlags()
  const engine = await engineFinding()
  // Python and the compiler are needed to build the engine, not to run it.
  const buildState = engine.state === 'ok' ? 'note' : 'missing'
  const findings = [
    processorFinding(flags),
    instructionsFinding(flags),
    { name: 'bfloat16', state: 'note', value: bfloat16(flags) },
    memoryFinding(),
    diskFinding(),
    nodeFinding(),
    await finding('python', buildState, async () => {
      const { program, version, pip } = await findPython()
      return `${program} ${version}, pip ${pip}`
    }),
    await finding('compiler', buildState, async () => {
      const { program, version } = await findCompiler()
      return `${program}: ${version}`
    }),
    engine,
    await gpuFinding(),
  ]
  return { ok: findings.every(({ state }) => state !== 'missing'), findings }
}

async function finding(name, stateWhenAbsent, find) {
  try {
    return { name, state: 'ok', value: await find() }
  } catch (error) {
    return { name, state: stateWhenAbsent, value: error.message, fix: error.fix ?? [] }
  }
}

async function cpuFlags() {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  return new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(' ') ?? [])
}

function processorFinding() {
  return {
    name: 'processor',
    state: 'ok',
    value: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${process.platform}-${process.arch}`,
  }
}

function instructionsFinding(flags) {
  const known = ['avx', 'avx2', 'fma', 'avx512f', 'avx512_bf16', 'amx_bf16', 'asimd', 'bf16'].filter((flag) =>
    flags.has(flag),
  )
  if (process.arch === 'x64' && flags.size > 0 && !flags.has('avx')) {
    return {
      name: 'instructions',
      state: 'missing',
      value: 'no AVX, which TensorFlow needs',
      fix: ['use a machine with AVX2'],
    }
  }
  return { name: 'instructions', state: 'ok', value: known.join(' ') || 'unknown' }
}

function bfloat16(flags) {
  if (flags.has('amx_bf16')) return 'usable, and faster than float32 (AMX)'
  if (flags.has('avx512_bf16'))
    return 'usable (AVX-512); whether it is faster than float32 depends on the CPU: npm run bench measures it'
  return flags.size > 0 ? 'not on this CPU: train in float32' : 'unknown'
}

function memoryFinding() {
  const gib = totalmem() / 2 ** 30
  const value = `${gib.toFixed(1)} GiB, ${(freemem() / 2 ** 30).toFixed(1)} GiB free`
  if (gib < 1.8)
    return {
      name: 'memory',
      state: 'missing',
      value,
      fix: ['training takes about 1.5 GiB: use a machine with 2 GiB or more'],
    }
  return { name: 'memory', state: 'ok', value }
}

function diskFinding() {
  const free = (folder) => {
    try {
      const { bavail, bsize } = statfsSync(folder)
      return bavail * bsize
    } catch {
      return null
    }
  }
  let cache = cacheFolder()
  while (free(cache) === null && dirname(cache) !== cache) cache = dirname(cache)
  const [here, there] = [free(root) ?? 0, free(cache) ?? 0]
  const value = `${(here / 1e9).toFixed(1)} GB free here, ${(there / 1e9).toFixed(1)} GB free in the cache (${cacheFolder()})`
  if (here < 1e9)
    return { name: 'disk', state: 'missing', value, fix: ['free 1 GB or more: jobs write checkpoints and models'] }
  return { name: 'disk', state: 'ok', value }
}

function nodeFinding() {
  try {
    checkNode()
    return { name: 'node', state: 'ok', value: process.version }
  } catch (error) {
    return { name: 'node', state: 'missing', value: process.version, fix: [error.fix] }
  }
}

async function engineFinding() {
  try {
    const engine = enginePackage()
    const library = process.env.IMCLR_LIBTENSORFLOW
      ? givenLibrary(process.env.IMCLR_LIBTENSORFLOW)
      : cachedLibrary(cacheFolder(), pinFor({ platform: process.platform, arch: process.arch, gpu: wantsGpu() }))
    if (!library || !isInPlace(engine, library))
      return { name: 'engine', state: 'missing', value: 'not set up', fix: ['npm run setup'] }
    const { code, out, err } = await runCommand(process.execPath, [join(root, 'infra', 'setup', 'proof.mjs')])
    if (code !== 0)
      return {
        name: 'engine',
        state: 'missing',
        value: `does not run: ${(err || out).trim().slice(-300)}`,
        fix: ['npm run setup'],
      }
    const { tensorflow, gpu } = JSON.parse(out.trim().split('\n').at(-1))
    const oneDnn =
      process.env.TF_ENABLE_ONEDNN_OPTS === '0'
        ? 'oneDNN off (TF_ENABLE_ONEDNN_OPTS=0; unset it: oneDNN is 2 to 5 times faster)'
        : 'oneDNN on'
    return {
      name: 'engine',
      state: 'ok',
      value: `TensorFlow ${tensorflow} (${library.variant}), tfjs ${engine.version}, ${oneDnn}, runs on the ${gpu ? 'GPU' : 'CPU'}; one training step done`,
    }
  } catch (error) {
    return { name: 'engine', state: 'missing', value: error.message, fix: error.fix ?? [] }
  }
}

async function gpuFinding() {
  const { code, out } = await runCommand('nvidia-smi', [
    '--query-gpu=name,memory.total,driver_version,compute_cap',
    '--format=csv,noheader',
  ])
  if (code !== 0 || !out.trim()) return { name: 'gpu', state: 'note', value: 'no NVIDIA GPU: training runs on the CPU' }
  return {
    name: 'gpu',
    state: 'note',
    value: `${out.trim().split('\n').join('; ')} (IMCLR_GPU=preferred or a loaded driver chooses the CUDA engine; untested)`,
  }
}

const usage = `usage: npm run doctor [-- --json]

Shows this machine, its engine and its GPU, and how to fix what is missing. Exits with 0 if a job could run here.
`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { json } = readOptions(usage, { json: { type: 'boolean' } })
  const report = await examine()
  if (json) {
    console.log(JSON.stringify(report, null, 2))
  } else {
    for (const { name, state, value, fix = [] } of report.findings) {
      console.log(`${{ ok: 'ok     ', note: 'note   ', missing: 'MISSING' }[state]} ${name.padEnd(12)} ${value}`)
      for (const line of fix) console.log(`${' '.repeat(21)}fix: ${line}`)
    }
    console.log(report.ok ? 'A job could run here.' : 'No job can run here yet: see the fixes above.')
  }
  process.exitCode = report.ok ? 0 : 1
}
