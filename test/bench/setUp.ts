import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../trainer/jobs/harness.js'

export interface SetUpRow {
  cache: 'empty' | 'warm'
  seconds: number
}

/** The engine's set-up: from nothing (downloads TensorFlow's wheel, compiles, proves), and when all of it is there. */
export async function benchSetUp(): Promise<SetUpRow[]> {
  const cache = await mkdtemp(join(tmpdir(), 'imclr-cache-'))
  const run = async (env: NodeJS.ProcessEnv) => {
    const start = performance.now()
    await promisify(execFile)(process.execPath, [join(root, 'infra/setup/native.mjs')], { env })
    return (performance.now() - start) / 1000
  }
  try {
    const empty = await run({ ...process.env, IMCLR_CACHE: cache })
    await run(process.env) // back to the usual cache
    return [
      { cache: 'empty', seconds: empty },
      { cache: 'warm', seconds: await run(process.env) },
    ]
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
}
