import { execFile } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface ProcessFacts {
  /** Process group: a trainer leads its own, and what it starts belongs to it. */
  group: number
  /** Boot and tick of the start: together with the id, no other process ever had it. */
  startTime: string
  /** Ended, and not yet collected by its parent. */
  zombie: boolean
}

/** The facts of a process, from Linux's /proc; elsewhere from `ps`. Null: there is none. */
export async function processFacts(pid: number): Promise<ProcessFacts | null> {
  if (process.platform !== 'linux') return factsByPs(pid)
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  // pid (name) state ppid pgrp ...: the name may hold anything, so count from its closing bracket (man proc_pid_stat).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = '', , group = ''] = fields
  return { group: Number(group), startTime: `${await bootId()}:${fields[19]}`, zombie: state === 'Z' || state === 'X' }
}

/** Ids of all processes; empty where the system does not tell. */
export async function processIds(): Promise<number[]> {
  if (process.platform !== 'linux') return []
  return (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number)
}

/** A process's environment at its start; empty for another user's process or one that is gone. */
export async function processEnvironment(pid: number): Promise<Map<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return new Map(
    text.split('\0').flatMap((entry) => {
      const cut = entry.indexOf('=')
      return cut > 0 ? [[entry.slice(0, cut), entry.slice(cut + 1)] as const] : []
    }),
  )
}

let boot: Promise<string> | undefined
function bootId(): Promise<string> {
  boot ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => 'unknown',
  )
  return boot
}

async function factsByPs(pid: number): Promise<ProcessFacts | null> {
  const answer = await execute('ps', ['-o', 'pgid=,stat=,lstart=', '-p', String(pid)]).catch(() => null)
  const [, group, state, startTime] = /^\s*(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(answer?.stdout ?? '') ?? []
  if (group === undefined || state === undefined || startTime === undefined) return null
  return { group: Number(group), startTime, zombie: state.startsWith('Z') }
}
