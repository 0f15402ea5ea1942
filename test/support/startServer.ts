import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * A server that a test started: it ends with `stop`, with `await using`, and with the process that started it, however
 * that ends.
 */
export interface Server extends AsyncDisposable {
  /** A folder of its own, removed with it. */
  folder: string
  stop(): Promise<void>
}

export interface ServerStart {
  name: string
  /** Made by `makeFolder`; removed when the server has ended. */
  folder: string
  command: string
  args: string[]
  env?: Record<string, string>
  /** What ends it at once and cleanly. */
  stopSignal: 'QUIT' | 'TERM' | 'KILL'
  /** Whether it answers; asked again until it does. */
  isReady(): Promise<boolean>
  /** How long it may take until it answers. Default: two minutes. */
  withinMs?: number
}

/*
 * A shell stands between us and the server. Its standard input is a pipe that we hold open and never write to: when
 * this process ends, even by SIGKILL, the pipe closes, the shell ends the server and removes its folder.
 */
const keeper = `
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null & server=$!
exec >/dev/null 2>&1
(cat <&3; kill -s "$signal" "$server") & watch=$!
wait "$server"; code=$?
kill "$watch"
rm -rf "$folder"
exit "$code"
`

export function makeFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `imclr-test-${name}-`))
}

/** Starts a server and waits until it answers. Throws with the end of its log where it does not. */
export async function startServer({
  name,
  folder,
  command,
  args,
  env,
  stopSignal,
  isReady,
  withinMs = 120_000,
}: ServerStart): Promise<Server> {
  const child = spawn('sh', ['-c', keeper, 'sh', folder, stopSignal, command, ...args], {
    // A session of its own: a terminal's Ctrl-C goes to us alone.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    cwd: folder,
  })
  let log = ''
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString()).slice(-4_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let alive = true
  void ended.then(() => {
    alive = false
  })
  const stop = async (): Promise<void> => {
    child.ref() // now it is waited for
    child.stdin.end()
    await ended
  }

  const deadline = Date.now() + withinMs
  while (!(await isReady())) {
    const late = Date.now() > deadline
    if (late) await stop()
    if (late || !alive)
      throw new Error(
        `${name} ${late ? `did not answer within ${withinMs / 1000} s` : `ended with code ${await ended}`}:\n${log}`,
      )
    await delay(20)
  }
  // From here on it must not keep this process from ending.
  child.unref()
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as unknown as { unref(): void }).unref()
  return { folder, stop, [Symbol.asyncDispose]: stop }
}

/** A TCP port on 127.0.0.1 that nothing listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
