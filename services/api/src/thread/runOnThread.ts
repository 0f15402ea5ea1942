import { Worker } from 'node:worker_threads'
import type { Tasks } from './threadProgram.js'

/**
 * Runs a task on a thread of its own: these take seconds, for which a server must not stand still. Rejects with what
 * the task throws. The program must be compiled: from sources (in tests) it is that of `dist`.
 */
export function runOnThread<Name extends keyof Tasks>(
  task: Name,
  ...input: Parameters<Tasks[Name]>
): Promise<ReturnType<Tasks[Name]>> {
  return new Promise((resolve, reject) => {
    const program = new URL('threadProgram.js', import.meta.url.replace(/\/src\/(?=thread\/[^/]+$)/, '/dist/'))
    const worker = new Worker(program, { workerData: { task, input }, execArgv: [] })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the thread for ${task} ended with code ${code} and no result`)))
  })
}
