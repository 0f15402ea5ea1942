/** What decides about the service on one machine: the command line, then the environment, then defaults. */
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import type { Variables } from '@imclr/contract'
import { readServingEnv, type ServingEnv } from '@imclr/api'
import { readRunningEnv, type RunningEnv } from '@imclr/scheduler'
import type { Arguments } from './arguments.js'

export interface Settings {
  dataDir: string
  serving: ServingEnv
  running: RunningEnv
  /** Null: a database in this process, in the data folder. */
  databaseUrl: string | null
  /** Null: a queue in the database. */
  queueUrl: string | null
  /** All variables, with what came from the command line and from files. */
  variables: Variables
  /** Where the note for clients on this machine goes, beside the one in the data folder. */
  stateHome: string | null
}

/** Throws Failure BAD_INPUT that names what is wrong. */
export function readSettings(options: Arguments, environment: Variables = process.env): Settings {
  const given = {
    ...environment,
    ...(options.port === undefined ? {} : { PORT: options.port }),
    ...(options.host === undefined ? {} : { HOST: options.host }),
  }
  const { variables, ...serving } = readServingEnv(given)
  serving.IMCLR_TRAINER_MEMORY ??= machineMemory()
  return {
    dataDir: resolve(options['data-dir'] ?? variables.IMCLR_DATA_DIR ?? '.imclr'),
    serving,
    running: readRunningEnv(given),
    databaseUrl: variables.DATABASE_URL ?? null,
    queueUrl: variables.QUEUE_URL ?? null,
    variables,
    stateHome: variables.XDG_STATE_HOME || (variables.HOME === undefined ? null : `${variables.HOME}/.local/state`),
  }
}

/** Bytes of this machine, or of the control group (a container's, say) that this process is in. */
function machineMemory(): number {
  const group = process.constrainedMemory() // 0 or beyond all memory: none
  return group > 0 ? Math.min(totalmem(), group) : totalmem()
}
