import { constants } from 'node:os'
import type { Command, Exit } from './launcher.js'

/** The signal that carries a command to a trainer. */
export const signalOf = { stop: 'SIGTERM', suspend: 'SIGUSR2', kill: 'SIGKILL' } as const satisfies Record<
  Command,
  NodeJS.Signals
>

/** How a process ended, by an exit code as shells and container engines tell it: "killed by signal n" is 128 + n. */
export function exitOf(code: number | null): Exit {
  const killedBy = Object.entries(constants.signals).find(([, number]) => code !== null && number === code - 128)
  return killedBy ? { code: null, signal: killedBy[0] } : { code, signal: null }
}
