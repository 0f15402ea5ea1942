import { parseArgs } from 'node:util'
import { presetNames, scale, type Scale } from '@imclr/contract'

export const usage = `usage: npm run experiment -- <preset or file> --data <archive or folder> [options]
       npm run experiment -- report <runs.json ...> [--as preset or file] [--out folder]
       npm run experiment -- list

Runs a preset (${presetNames.join(', ')}),
or an experiment of your own (a .json, .js or .ts file, see docs/experiments.md), and writes its report. Calling it again with
the same folder goes on where it stopped. "report" draws the report from stored runs, of several machines too, without training; with --as, the report
of another experiment, from those of them that it has too.

  --data <archive or folder>  images to train on
  --version <id>              in place of --data: a data set version that the service has
  --scale <scale>             of a preset: small (default), medium, paper
  --seeds <list>              seeds, such as 1,2,3; or how many, such as 5x (1 to 5)
  --budgets <list>            labelled training images, such as 250,500,all
  --epochs <n>                in place of the recipe's
  --compute-matched           also the baseline with ImCLR's compute: for twice the epochs, and with twice the batch
  --image-size <n>            pixels a side, in place of the data's own
  --as <preset or file>       of a report: another experiment that has these runs too; --scale to --compute-matched are then its own
  --folder <folder>           where a service started by this command keeps its data (default: experiment-data)
  --out <folder>              where the report goes (default: experiments/<name>)
  --help                      this text

A service that runs on this machine, or IMCLR_URL and IMCLR_API_KEY, is used where there is one and --folder is not given.
`

export type Command =
  | { kind: 'help' }
  | { kind: 'list' }
  | { kind: 'report'; files: string[]; as: Chosen | null; out: string | null }
  | { kind: 'run'; run: RunOptions }

/** Which experiment, and what of it is otherwise. */
export interface Chosen {
  /** A preset's name, or the path of a definition. */
  experiment: string
  scale: Scale
  seeds: number[] | null
  budgets: (number | null)[] | null
  epochs: number | null
  computeMatched: boolean
}

export interface RunOptions extends Chosen {
  data: string | null
  version: string | null
  imageSize: number | null
  /** Null: a service that is there already, else a new one in the default folder. */
  folder: string | null
  out: string | null
}

export const defaultFolder = 'experiment-data'

/** The command line; throws an Error that says what is wrong with it. */
export function readCommand(args: string[]): Command {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      data: text,
      version: text,
      scale: text,
      seeds: text,
      budgets: text,
      epochs: text,
      'compute-matched': { type: 'boolean' },
      'image-size': text,
      as: text,
      folder: text,
      out: text,
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [first, ...others] = positionals
  if (values.help || first === undefined) return { kind: 'help' }
  if (first === 'list') return { kind: 'list' }
  const chosen = scale.safeParse(values.scale ?? 'small')
  if (!chosen.success) throw new Error(`--scale takes small, medium or paper, got ${values.scale}`)
  const choice = (experiment: string): Chosen => ({
    experiment,
    scale: chosen.data,
    seeds: values.seeds === undefined ? null : seedsOf(values.seeds),
    budgets:
      values.budgets === undefined
        ? null
        : values.budgets.split(',').map((one) => (one.trim() === 'all' ? null : whole('--budgets', one))),
    epochs: values.epochs === undefined ? null : whole('--epochs', values.epochs),
    computeMatched: values['compute-matched'] ?? false,
  })
  if (first === 'report') {
    if (others.length === 0) throw new Error('report needs at least one file of stored runs (runs.json)')
    return {
      kind: 'report',
      files: others,
      as: values.as === undefined ? null : choice(values.as),
      out: values.out ?? null,
    }
  }
  if (values.as !== undefined) throw new Error('--as belongs to report')
  if (others.length > 0) throw new Error(`one experiment at a time, got ${positionals.join(', ')}`)
  if ((values.data === undefined) === (values.version === undefined))
    throw new Error('name the images with --data, or a data set version with --version')
  return {
    kind: 'run',
    run: {
      ...choice(first),
      data: values.data ?? null,
      version: values.version ?? null,
      imageSize: values['image-size'] === undefined ? null : whole('--image-size', values['image-size']),
      folder: values.folder ?? null,
      out: values.out ?? null,
    },
  }
}

function seedsOf(list: string): number[] {
  const many = /^(\d+)x$/.exec(list.trim())?.[1]
  return many === undefined
    ? list.split(',').map((one) => whole('--seeds', one))
    : Array.from({ length: Number(many) }, (_, i) => i + 1)
}

function whole(option: string, value: string): number {
  const number = Number(value.trim() === '' ? Number.NaN : value)
  if (!Number.isInteger(number) || number < 0) throw new Error(`${option} takes whole numbers, got ${value}`)
  return number
}
