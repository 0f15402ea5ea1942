/** Speed, as ratios inside one run. */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { readOptions, refuseOptions } from '../support/commandLine.js'
import { benchCorruptions } from './corruption.js'
import { benchEpochs, benchStart } from './epoch.js'
import { benchPrepare } from './prepare.js'
import { benchSetUp } from './setUp.js'
import { benchSteps, measuredNetworks } from './step.js'
import { benchSubmit } from './submit.js'

const usage = `usage: npm run bench -- [options]

Measures speed. Use a quiet machine.

  --only <list>      of steps,epochs,start,submit,corruptions,prepare,setup (default: all)
  --repeats <n>      rounds (default: 7); on a noisy machine 21 and more
  --network <name>   steps of resnet20 or wrn28-2 alone
  --quick            few steps, to see that it runs
  --cifar <archive>  cifar-10-binary.tar.gz, to prepare as well
  --json <file>      the results
  --help             this text

IMCLR_BENCH_PYTHON names a Python with PyTorch; without it, only our side of the steps runs.
`
const values = readOptions(usage, {
  json: { type: 'string' },
  only: { type: 'string' },
  network: { type: 'string' },
  repeats: { type: 'string', default: '7' },
  quick: { type: 'boolean', default: false },
  cifar: { type: 'string' },
})
const [repeats, quick] = [Number(values.repeats), values.quick]
if (!Number.isInteger(repeats) || repeats < 1)
  refuseOptions(usage, `--repeats takes a whole number above zero, not ${values.repeats}`)
if (values.network !== undefined && !measuredNetworks.includes(values.network))
  refuseOptions(usage, `--network takes ${measuredNetworks.join(' or ')}, not ${values.network}`)
const log = (line: string): void => {
  process.stderr.write(`  ${line}\n`)
}

const sections: Record<string, () => Promise<unknown>> = {
  steps: () => benchSteps({ repeats, quick, network: values.network ?? null, log }),
  epochs: () => benchEpochs({ repeats, quick, log }),
  start: () => benchStart({ repeats: Math.min(repeats, 5), quick, log }),
  submit: () => benchSubmit({ repeats: Math.min(repeats, 5) }),
  corruptions: () => benchCorruptions({ images: quick ? 200 : 1000, side: 32 }),
  prepare: () => benchPrepare({ cifar: values.cifar ?? null }),
  setup: () => benchSetUp(),
}
const chosen = values.only?.split(',') ?? Object.keys(sections)
const unknown = chosen.filter((name) => !(name in sections))
if (unknown.length > 0) refuseOptions(usage, `there is no section ${unknown.join(', ')}`)

const results: Record<string, unknown> = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version }
for (const name of chosen) {
  log(`${name} ...`)
  results[name] = await sections[name]!()
  process.stdout.write(`\n${name}\n${table(results[name])}\n`)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`)

/** Rows of objects as columns; a spread as median (smallest to largest). */
function table(rows: unknown): string {
  const list = (Array.isArray(rows) ? rows : [rows]) as Record<string, unknown>[]
  const columns = Object.keys(list[0] ?? {})
  const cells = [columns, ...list.map((row) => columns.map((column) => cell(row[column])))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)))
  return cells
    .map((row) => `  ${row.map((text, index) => text.padEnd(widths[index]!)).join('  ')}`.trimEnd())
    .join('\n')
}

function cell(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(4)
  if (Array.isArray(value)) return value.map(cell).join(' ')
  if (value !== null && typeof value === 'object' && 'median' in value) {
    const { median, smallest, largest } = value as { median: number; smallest: number; largest: number }
    return `${median.toFixed(3)} (${smallest.toFixed(3)} to ${largest.toFixed(3)})`
  }
  return value === null ? '-' : String(value)
}
