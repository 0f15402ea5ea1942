import { artifactPaths, planRuns, readPredictions, report, type ExperimentRuns } from '@imclr/contract'
import { projectRecord, planOf, recordOfRun } from '@imclr/experiments'
import { keepRecord, listRecords, listRuns, type ExperimentRow, type RunRow } from '@imclr/database'
import { versionManifest } from '../dataset/versionManifest.js'
import type { Call } from '../request/context.js'
import { recordedObject } from '../request/recordedObject.js'
import { fateOf, ownExperiment } from './shownExperiment.js'

/** The stored runs of an experiment as far as it has come, to be merged with others or drawn again (`runs.json`). */
export async function experimentRunsOf(
  call: Call,
  { experimentId }: { experimentId: string },
): Promise<ExperimentRuns> {
  return storedRuns(call, await ownExperiment(call, experimentId))
}

/** The same; keeps what is new since the last time, so that models may be deleted afterwards. */
export async function storedRuns(call: Call, row: ExperimentRow): Promise<ExperimentRuns> {
  const { queries } = call.database
  const runs = await listRuns(queries, row.id)
  await keepNew(
    call,
    row,
    runs.filter((run) => !run.recorded && fateOf(run).kind === 'result'),
  )
  const planned = planRuns(row.definition)
  return {
    schemaVersion: 1,
    plan: planOf(row.definition),
    runs: await listRecords(queries, row.id),
    withoutResult: runs.flatMap((run) => {
      const fate = fateOf(run)
      const { arm, seed, budget } = planned[run.place]!
      return fate.kind === 'result'
        ? []
        : [{ arm, seed, budget, why: fate.kind === 'unfinished' ? 'it has not ended' : fate.why }]
    }),
  }
}

/** One after the other: predictions of many images and classes are megabytes. */
async function keepNew(call: Call, row: ExperimentRow, runs: RunRow[]): Promise<void> {
  if (runs.length === 0) return
  const planned = planRuns(row.definition)
  const { contentSha256 } = await versionManifest(call, { versionId: row.versionId })
  for (const { place, jobId, job, model } of runs) {
    const read = (path: string): Promise<Uint8Array> => recordedObject(call.store.read(model!.prefix + path))
    const {
      arm,
      seed,
      budget,
      spec: { evaluation },
    } = planned[place]!
    const experiment = row.definition.name
    const record = recordOfRun({
      experiment,
      planned: { arm, seed, budget, spec: { ...job!.spec! } },
      content: contentSha256,
      predictions: readPredictions(await read(artifactPaths.predictions)),
      report: report
        .pick({ model: true, training: true, environment: true })
        .parse(JSON.parse(Buffer.from(await read(artifactPaths.report)).toString('utf8'))),
    })
    await keepRecord(call.database.queries, {
      experimentId: row.id,
      place,
      jobId,
      record: projectRecord(record, { experiment, arm, evaluation }),
    })
  }
}
