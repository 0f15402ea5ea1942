import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface RunningService extends AsyncDisposable {
  url: string
  apiKey: string
  log: string
}

const main = fileURLToPath(new URL('../../../services/standalone/dist/main.js', import.meta.url))

/** Starts the service on a free port with its data in `folder`, and waits until it says that it is ready. */
export async function startService(folder: string): Promise<RunningService> {
  await mkdir(folder, { recursive: true })
  const note = join(folder, 'service.json')
  await rm(note, { force: true })
  const log = join(folder, 'service.log')
  const out = openSync(log, 'a')
  // In a group of its own: Ctrl-C reaches this process alone, which tells the service once.
  const child = spawn(process.execPath, [main, '--data-dir', folder, '--port', '0'], {
    stdio: ['ignore', out, out],
    detached: true,
  })
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      process.stdout.write(
        `\nStopping; a training in progress leaves a checkpoint. Go on from it: npm start -- --data-dir ${folder}\n`,
      )
      void close().then(() => process.exit(code))
    })
  }
  const url = await ready(child, note).catch(async (error: Error) => {
    child.kill()
    throw new Error(
      `the service did not start: ${error.message}\nThe end of its log, ${log}:\n${(await readFile(log, 'utf8')).split('\n').slice(-12).join('\n')}`,
    )
  })
  const { keyFile } = JSON.parse(await readFile(note, 'utf8')) as { keyFile: string }
  return { url, apiKey: (await readFile(keyFile, 'utf8')).trim(), log, [Symbol.asyncDispose]: close }
}

/** The service writes its address when it listens; `/readyz` says when database, queue and store answer too. */
async function ready(child: ChildProcess, note: string): Promise<string> {
  const end = Date.now() + 120_000
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`)
    const url = await readFile(note, 'utf8').then(
      (text) => (JSON.parse(text) as { url: string }).url,
      () => null,
    )
    if (
      url &&
      (await fetch(`${url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ))
    )
      return url
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('it was not ready within two minutes')
}
