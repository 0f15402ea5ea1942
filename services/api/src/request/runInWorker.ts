import { Worker } from 'node:worker_threads'

/**
 * Runs a program on a thread of its own and gives the one message that it sends: for what takes a server seconds. `program`
 * lies beside `caller` (its `import.meta.url`), and must be compiled: from sources (tests) it is that of `dist`.
 * Rejects with what the program throws.
 */
export function runInWorker<Answer>(caller: string, program: string, data: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(program, caller.replace(/\/src\/(?=[^/]+\/[^/]*$)/, '/dist/')), {
      workerData: data,
      execArgv: [],
    })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`${program} ended with code ${code} and no result`)))
  })
}
