import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { asDiskProblem } from './problem.mjs'

/** The folder for downloads and builds. It lies outside every clone, so that all clones share it. */
export function cacheFolder(env = process.env) {
  return env.IMCLR_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'imclr')
}

/** Writes a file so that a reader, or the next start after a crash, sees either the complete file or the old one. */
export function writeAtomically(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(temporary, content, { flush: true })
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Makes a rename in this folder survive a power cut. */
export function syncFolder(folder) {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const heartbeatMs = 5_000
const silentMs = 60_000

/**
 * Locks the cache for one set-up at a time. The lock is a file that names its owner. It no longer counts when the owner
 * is gone: on this machine another process id or start time, elsewhere no heartbeat for a minute.
 * @param {string} cache @param {(line: string) => void} log @returns {Promise<() => void>} the release
 */
export async function lockCache(cache, log) {
  const path = join(cache, 'setup.lock')
  const own = JSON.stringify({
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    nonce: randomBytes(8).toString('hex'),
  })
  await take(path, { own, log }).catch((error) => Promise.reject(asDiskProblem(error, cache)))
  const heartbeat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date())
    } catch {
      // Somebody removed the lock by hand; the release below notices that too.
    }
  }, heartbeatMs)
  return () => {
    clearInterval(heartbeat)
    if (read(path) === own) rmSync(path, { force: true })
  }
}

async function take(path, { own, log }) {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  let told = false
  try {
    writeFileSync(draft, own)
    for (;;) {
      try {
        // A link appears completely or not at all, so nobody reads a half-written lock.
        linkSync(draft, path)
        break
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
      const holder = read(path)
      if (holder && !isAlive(holder, path)) {
        takeAway(path, holder)
      } else {
        if (holder && !told) log(`another set-up is at work (process ${JSON.parse(holder).pid}); waiting for it`)
        told = true
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function takeAway(path, seen) {
  const aside = `${path}.dead.${randomBytes(4).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  // A new owner may have come between the check and the rename: give the lock back.
  if (read(aside) !== seen && !existsSync(path)) linkSync(aside, path)
  rmSync(aside, { force: true })
}

function isAlive(text, path) {
  let holder
  try {
    holder = JSON.parse(text)
  } catch {
    return false
  }
  if (holder.host !== hostname()) return Date.now() - statSync(path).mtimeMs < silentMs
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (error.code === 'ESRCH') return false
  }
  const started = startOf(holder.pid)
  return started === null || holder.started === null || started === holder.started
}

/**
 * Start time in clock ticks since boot. Together with the process id it identifies one process for good. Null without
 * /proc.
 */
function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat ? (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null) : null
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
