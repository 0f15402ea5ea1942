import { resolve } from 'node:path'
import { createClient, ImclrError, type Client, type ExperimentRecord } from '@imclr/sdk'
import { bar, duration, progressLine } from '../service/progressLine.js'
import { startService, type RunningService } from '../service/startService.js'
import { defaultFolder, type RunOptions } from './options.js'
import { readDefinition } from './readDefinition.js'
import { summary } from './summary.js'
import { writeReport } from './writeReport.js'

type Say = (text: string) => void

/** Runs an experiment to its end, on a service that is there or on one of its own, and writes the report. Stopped and called again, it goes on. */
export async function run(options: RunOptions, say: Say): Promise<void> {
  const definition = await readDefinition(options.experiment)
  await using service = await useService(options.folder, say)
  const sdk = service === null ? createClient() : createClient({ url: service.url, apiKey: service.apiKey })
  const versionId = options.version ?? (await upload(sdk, options, say))

  const experiment = await sdk.experiments.run(definition, {
    dataset: versionId, scale: options.scale,
    ...(options.seeds && { seeds: options.seeds }), ...(options.budgets && { budgets: options.budgets }), ...(options.epochs !== null && { change: { epochs: options.epochs } }),
  })
  const { name, arms, seeds, budgets } = experiment.definition
  say(`${name} (${experiment.id}): ${arms.length} arms x ${seeds.length} seeds x ${budgets.length} budgets`)
  const line = progressLine(process.stdout)
  let last = 0
  await experiment.result({
    onProgress: (now) => {
      const { succeeded, withoutResult } = now.runs
      if (succeeded + withoutResult > last) newResults(now, last, (text) => line.end(text))
      last = succeeded + withoutResult
      if (now.state === 'running') line.show(progressOf(now))
    },
  })
  const { report, paths } = await writeReport(await experiment.runs(), options.out ?? `experiments/${name}`)
  say(`\n${summary(report)}\n\n${paths.map((path) => `  ${path}`).join('\n')}`)
  if (report.missing.length > 0) process.exitCode = 1
}

/** Null: one is there already and is used. */
async function useService(folder: string | null, say: Say): Promise<RunningService | null> {
  if (folder === null) {
    const found = await createClient({ retries: 0 }).api.system.info().then(() => true, (error: unknown) => {
      if (error instanceof ImclrError && error.code === 'NO_SERVICE') return false
      throw error
    })
    if (found) { say('Using the service that is there'); return null }
  }
  const own = resolve(folder ?? defaultFolder)
  say(`Starting a service; its data go to ${own}`)
  return startService(own)
}

async function upload(sdk: Client, { data, imageSize }: RunOptions, say: Say): Promise<string> {
  const line = progressLine(process.stdout)
  const { name, versionId, counts, classes, picture } = await sdk.datasets.upload(data!, {
    imageSize,
    onProgress: (progress) => {
      if (progress.phase === 'uploading') line.show(`uploading  ${bar(progress.bytes, progress.totalBytes)} ${(progress.bytes / 1e6).toFixed(1)} of ${(progress.totalBytes / 1e6).toFixed(1)} MB`)
      else line.show(`preparing  ${bar(progress.images, progress.totalImages)} ${progress.images} of ${progress.totalImages} images`)
    },
  })
  say(`Data set ${name}: ${counts.train} training, ${counts.test} test and ${counts.unlabelled} unlabelled images in ${classes.length} classes, ${picture.width}x${picture.height} pixels (${versionId})`)
  return versionId
}

function newResults({ allRuns, runs }: ExperimentRecord, before: number, say: Say): void {
  const ended = allRuns.filter(({ accuracy, whyNoResult }) => accuracy !== null || whyNoResult !== null)
  if (before === 0 && ended.length > 1) return say(`${ended.length} of ${runs.total} runs have ended before`)
  const one = ended.at(-1)!
  say(`${one.arm}, ${one.budget ?? 'all'} labels, seed ${one.seed}: ${one.accuracy === null ? one.whyNoResult : `${(100 * one.accuracy).toFixed(2)} %`} (${ended.length} of ${runs.total})`)
}

function progressOf({ allRuns, runs, secondsLeft }: ExperimentRecord): string {
  const active = allRuns.filter(({ state }) => state === 'running' || state === 'starting')
  const where = active.map(({ arm, seed, progress }) => `${arm} seed ${seed}${progress?.epoch ? `, epoch ${progress.epoch} of ${progress.epochs}` : progress ? `, ${progress.phase}` : ''}`).join('; ')
  return `${bar(runs.succeeded + runs.withoutResult, runs.total)} ${runs.succeeded + runs.withoutResult} of ${runs.total} runs${where ? `, ${where}` : ''}${secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`}`
}
