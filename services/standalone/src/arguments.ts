/** The command line. This file loads nothing else, so that `--help` and a mistyped option are answered at once. */
import { parseArgs } from 'node:util'

export const usage = `usage: npm start [-- options]

Runs the imclr service on this machine: API, scheduler and trainers, with all data in one folder.

  --data-dir <folder>  data sets, jobs, models and the API key (default: .imclr, or IMCLR_DATA_DIR)
  --port <number>      where it listens; 0: any free port (default: 4700, or PORT)
  --host <address>     which network it listens on (default: 127.0.0.1, this machine alone; or HOST)
  --help               this text

The environment has more: IMCLR_SLOTS (trainings at once), LOG_LEVEL, DATABASE_URL, QUEUE_URL, OBJECT_STORE_URL ...
`

export interface Arguments {
  'data-dir'?: string
  port?: string
  host?: string
  help: boolean
}

/** Parses the options; returns a message where they are wrong. */
export function readArguments(args: string[]): Arguments | string {
  try {
    return parseArgs({
      args,
      options: {
        'data-dir': { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return `${(error as Error).message.split('.')[0]}; "npm start -- --help" lists the options`
  }
}
