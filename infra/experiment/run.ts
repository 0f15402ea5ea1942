import { resolve } from 'node:path'
import { createClient, ImclrError, type ExperimentRecord } from '@imclr/sdk'
import { bar, duration, progressLine } from '../service/progressLine.js'
import { startService, type RunningService } from '../service/startService.js'
import { uploadShown } from '../service/uploadShown.js'
import { defaultFolder, type RunOptions } from './options.js'
import { readChoice } from './readDefinition.js'
import { summary } from './summary.js'
import { writeReport } from './writeReport.js'

type Say = (text: string) => void

/**
 * Runs an experiment to its end, on a running service or on one that it starts, and writes the report. If `signal`
 * aborts, it closes the service that it started; trainings leave a checkpoint, and the next call continues.
 */
export async function run(options: RunOptions, { say, signal }: { say: Say; signal: AbortSignal }): Promise<void> {
  const { experiment: definition, ...choice } = await readChoice(options)
  await using service = await useService(options.folder, say)
  const sdk = service === null ? createClient() : createClient({ url: service.url, apiKey: service.apiKey })
  const versionId =
    options.version ?? (await uploadShown(sdk, options.data!, { imageSize: options.imageSize, signal })).versionId

  const experiment = await sdk.experiments.run(definition, { dataset: versionId, ...choice })
  const { name, arms, seeds, budgets } = experiment.definition
  say(`${name} (${experiment.id}): ${arms.length} arms x ${seeds.length} seeds x ${budgets.length} budgets`)
  const line = progressLine(process.stdout)
  const told = new Set<string>()
  await experiment.result({
    signal,
    onProgress: (now) => {
      for (const text of news(now, told)) line.end(text)
      if (now.state === 'running') line.show(progressOf(now))
    },
  })
  const { report, paths } = await writeReport(await experiment.runs(), options.out ?? `experiments/${name}`)
  say(`\n${summary(report)}\n\n${paths.map((path) => `  ${path}`).join('\n')}`)
  if (report.missing.length > 0) process.exitCode = 1
}

/** Starts a service, or returns null if one is running and `folder` is not given. */
async function useService(folder: string | null, say: Say): Promise<RunningService | null> {
  if (folder === null) {
    const found = await createClient({ retries: 0 })
      .api.system.info()
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof ImclrError && error.code === 'NO_SERVICE') return false
          throw error
        },
      )
    if (found) {
      say('Using the running service')
      return null
    }
  }
  const own = resolve(folder ?? defaultFolder)
  say(`Starting a service; its data go to ${own}`)
  return startService(own)
}

/** One line for each run that has ended since the last call. The first call sums up, if several have ended before. */
function news({ allRuns, runs }: ExperimentRecord, told: Set<string>): string[] {
  const ended = allRuns.filter(({ accuracy, whyNoResult }) => accuracy !== null || whyNoResult !== null)
  const fresh = ended.filter(({ jobId }) => !told.has(jobId))
  const before = told.size
  for (const { jobId } of fresh) told.add(jobId)
  if (before === 0 && fresh.length > 1) return [`${fresh.length} of ${runs.total} runs had ended before`]
  return fresh.map(
    ({ arm, budget, seed, accuracy, whyNoResult }, i) =>
      `${arm}, ${budget ?? 'all'} labels, seed ${seed}: ${accuracy === null ? whyNoResult : `${(100 * accuracy).toFixed(2)} %`} (${before + i + 1} of ${runs.total})`,
  )
}

function progressOf({ allRuns, runs, secondsLeft }: ExperimentRecord): string {
  const active = allRuns.filter(({ state }) => state === 'running' || state === 'starting')
  const where = active
    .map(
      ({ arm, seed, progress }) =>
        `${arm} seed ${seed}${progress?.epoch ? `, epoch ${progress.epoch} of ${progress.epochs}` : progress ? `, ${progress.phase}` : ''}`,
    )
    .join('; ')
  return `${bar(runs.succeeded + runs.withoutResult, runs.total)} ${runs.succeeded + runs.withoutResult} of ${runs.total} runs${where ? `, ${where}` : ''}${secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`}`
}
