/**
 * `npm run experiment`: runs a preset, or arms x seeds x label budgets of your own, and writes the report; or draws a
 * report from stored runs. docs/experiments.md explains it.
 */
import { Failure, presetNames, scales } from '@imclr/contract'
import { definitionOf, presets } from '@imclr/experiments'
import { ImclrError } from '@imclr/sdk'
import { readCommand, usage, type Command } from './options.js'
import { readChoice } from './readDefinition.js'
import { run } from './run.js'
import { summary } from './summary.js'
import { readRuns, writeReport } from './writeReport.js'

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}
const complain = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

async function main(command: Command): Promise<void> {
  switch (command.kind) {
    case 'help':
      return say(usage)
    case 'list':
      return say(presetNames.map(describe).join('\n\n'))
    case 'run':
      return run(command.run, { say, signal: stopped() })
    case 'report': {
      const runs = await readRuns(command.files, command.as && (await readChoice(command.as)))
      const { report, paths } = await writeReport(runs, command.out ?? `experiments/${runs.plan.name}`)
      return say(`${summary(report)}\n\n${paths.map((path) => `  ${path}`).join('\n')}`)
    }
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process as usual. */
function stopped(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error('stopped; run the same command to continue')))
  return stop.signal
}

function describe(name: (typeof presetNames)[number]): string {
  const preset = presets[name]
  return [
    name,
    `  ${preset.claim}`,
    ...scales.map((scale) => {
      const { arms, seeds, budgets } = definitionOf(preset, scale)
      return `  ${scale.padEnd(7)} ${String(arms.length * seeds.length * budgets.length).padStart(3)} runs. ${preset.scales[scale].recipe}`
    }),
  ].join('\n')
}

let command: Command
try {
  command = readCommand(process.argv.slice(2))
} catch (error) {
  complain(`${(error as Error).message.split('. ')[0]}\n\n${usage}`)
  process.exit(2)
}
await main(command).catch((error: unknown) => {
  process.exitCode = 1
  complain(`\nThe experiment did not finish: ${error instanceof Error ? error.message : String(error)}`)
  if (!(error instanceof ImclrError) && !(error instanceof Failure)) return
  for (const { path, message, fix } of error.issues.slice(0, 10))
    complain(`  ${path}: ${message}${fix ? `. ${fix}` : ''}`)
  const hint = error instanceof ImclrError ? error.hint : error.record.hint
  if (hint) complain(`  code ${error.code}. ${hint}`)
})
