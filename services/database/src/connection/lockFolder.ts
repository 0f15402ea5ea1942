import { randomBytes } from 'node:crypto'
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { Failure } from '@imclr/contract'

interface Holder {
  host: string
  pid: number
  started: string
  token: string
}

const heartbeatMs = 5_000
const deadAfterMs = 30_000

/**
 * Takes `<folder>.lock`, so that one process at a time works in the folder. A holder on this machine counts as dead
 * when its process (number and start time) is gone: a restart after a crash does not wait. A holder on another machine
 * (a shared volume, another container) counts as dead when it gave no sign of life for 30 s. Gives a function that
 * releases the lock. Throws Failure CONFLICT where a living process holds the lock.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = `${folder.replace(/\/+$/, '')}.lock`
  const mine: Holder = {
    host: hostname(),
    pid: process.pid,
    started: await startOf(process.pid),
    token: randomBytes(8).toString('hex'),
  }
  await take(path, mine, (other) => inUse(folder, path, other))
  const heartbeat = setInterval(() => {
    utimes(path, new Date(), new Date()).catch(() => {})
  }, heartbeatMs)
  heartbeat.unref()
  return async () => {
    clearInterval(heartbeat)
    await release(path, mine)
  }
}

/**
 * Creates the lock file at `path`, or throws CONFLICT where a living process has it. To remove the file of a dead
 * process, a process takes the lock of that file (`<path>.lock`) and reads the file again: otherwise the slower of two
 * that saw the same dead holder would remove the file of the faster. A process that dies while it removes leaves this
 * inner lock, which the next takes over in the same way.
 */
async function take(path: string, mine: Holder, inUseBy: (other: Holder) => string): Promise<void> {
  const draft = `${path}.${mine.token}`
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    while (!(await linked(draft, path))) {
      const other = await readHolder(path)
      if (other === null) continue // released just now
      if (await isAlive(other, path)) throw new Failure('CONFLICT', inUseBy(other))
      const inner = `${path}.lock`
      await take(inner, mine, inUseBy)
      try {
        if ((await readHolder(path))?.token === other.token) await rm(path, { force: true })
      } finally {
        await release(inner, mine)
      }
    }
  } finally {
    await rm(draft, { force: true })
  }
}

async function release(path: string, mine: Holder): Promise<void> {
  if ((await readHolder(path))?.token === mine.token) await rm(path, { force: true })
}

/** Makes a hard link, which appears whole and never replaces a file. Gives whether it did: not where `to` exists. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function readHolder(path: string): Promise<Holder | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  const found = /^{"host":"[^"]*","pid":\d+,"started":"[^"]*","token":"[0-9a-f]+"}$/.test(text)
    ? (JSON.parse(text) as Holder)
    : null
  if (found === null) throw new Failure('CONFLICT', `${path} is not a lock file of this service; move it away`)
  return found
}

async function isAlive(other: Holder, path: string): Promise<boolean> {
  if (other.host === hostname()) return (await startOf(other.pid)) === other.started && other.started !== ''
  const seen = await stat(path).then(
    (file) => file.mtimeMs,
    () => 0,
  )
  return Date.now() - seen < deadAfterMs
}

/**
 * When a process of this machine was started, in a form that no later process repeats. Empty where there is no such
 * process.
 */
async function startOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (status === null) return isRunning(pid) && process.platform !== 'linux' ? 'running' : ''
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return ''
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return `${boot.trim()}:${fields[19]}`
}

/** Whether there is a process of this number, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function inUse(folder: string, path: string, other: Holder): string {
  return `${folder} is in use by process ${other.pid} on ${other.host}: stop that one, or choose another data folder (lock file ${path})`
}
