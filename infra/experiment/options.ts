import { parseArgs } from 'node:util'
import { presetNames, scale, type Scale } from '@imclr/contract'

export const usage = `usage: npm run experiment -- <preset or file> --data <archive or folder> [options]
       npm run experiment -- report <runs.json ...> [--as preset or file] [--out folder]
       npm run experiment -- list

Runs a preset (${presetNames.join(', ')}),
or an experiment of your own (a .json, .js or .ts file, see docs/experiments.md), and writes its report. The same command with
the same folder continues where it stopped. "report" draws the report from stored runs without training; the runs may come from
several machines. With --as it draws the report of another experiment, from the runs that the two share.

  --data <archive or folder>  images to train on
  --version <id>              a data set version of the service, in place of --data
  --scale <scale>             scale of a preset: small (default), medium, paper
  --seeds <list>              seeds, such as 1,2,3; or their number, such as 5x (1 to 5)
  --budgets <list>            numbers of labelled training images, such as 250,500,all
  --epochs <n>                epochs, in place of the recipe's
  --compute-matched           adds baselines with ImCLR's compute: one with twice the epochs, one with twice the batch too
  --image-size <n>            pixels a side, in place of the data's own
  --as <preset or file>       with "report": another experiment with the same runs; --scale to --compute-matched then belong to it
  --folder <folder>           where a service started by this command keeps its data (default: experiment-data)
  --out <folder>              where to write the report (default: experiments/<name>)
  --help                      this text

Without --folder the command uses a running service: IMCLR_URL and IMCLR_API_KEY, or one on this machine. If there is none, it starts one.
`

export type Command =
  | { kind: 'help' }
  | { kind: 'list' }
  | { kind: 'report'; files: string[]; as: Chosen | null; out: string | null }
  | { kind: 'run'; run: RunOptions }

/** Which experiment, and which of its settings to replace. */
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
  /** Null: use a running service, or start one in the default folder. */
  folder: string | null
  out: string | null
}

export const defaultFolder = 'experiment-data'

/** Parses the command line. Throws an Error that says what is wrong with it. */
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
  if (values.as !== undefined) throw new Error('--as only works with report')
  if (others.length > 0) throw new Error(`name one experiment, got ${positionals.join(', ')}`)
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
