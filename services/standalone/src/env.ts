/** The settings of the service on one machine: from the command line, else from the environment, else defaults. */
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { readEnvironment, serviceVariables, type Variables } from '@imclr/contract'
import { readServingEnv, type ServingEnv } from '@imclr/api'
import { readRunningEnv, type RunningEnv } from '@imclr/scheduler'
import type { Arguments } from './arguments.js'

/** What the other services need and this one has a default for. */
const optional = serviceVariables
  .pick({
    DATABASE_URL: true,
    QUEUE_URL: true,
    OBJECT_STORE_URL: true,
    OBJECT_STORE_PUBLIC_ENDPOINT: true,
    IMCLR_SIGNING_KEY: true,
  })
  .partial()

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
  const shared = readEnvironment(optional, { given, readFile: (path) => readFileSync(path, 'utf8') })
  const { variables, ...serving } = readServingEnv(given)
  serving.IMCLR_TRAINER_MEMORY ??= machineMemory()
  return {
    dataDir: resolve(options['data-dir'] ?? variables.IMCLR_DATA_DIR ?? '.imclr'),
    serving,
    running: readRunningEnv(given),
    databaseUrl: shared.DATABASE_URL ?? null,
    queueUrl: shared.QUEUE_URL ?? null,
    variables,
    stateHome: variables.XDG_STATE_HOME || (variables.HOME === undefined ? null : `${variables.HOME}/.local/state`),
  }
}

/** Bytes of this machine's memory, or of the control group (for example a container) that this process is in. */
function machineMemory(): number {
  const group = process.constrainedMemory() // 0 or beyond all memory: none
  return group > 0 ? Math.min(totalmem(), group) : totalmem()
}
