import { artifactPaths, planRuns, readPredictions, report, type ExperimentRuns } from '@imclr/contract'
import { listRecords, listRuns, storedSpec, storeRunRecord, type ExperimentRow, type RunRow } from '@imclr/database'
import { planOf, projectRecord, recordOfRun, type ExperimentReport } from '@imclr/experiments'
import { versionManifest } from '../dataset/versions.js'
import type { Call } from '../request/context.js'
import { requireObject } from '../request/references.js'
import { runOnThread } from '../thread/runOnThread.js'
import { outcomeOf, requireExperiment } from './experiments.js'

/** The report of an experiment, from the runs that have a result. */
export async function experimentReport(call: Call, input: { experimentId: string }): Promise<ExperimentReport> {
  return runOnThread('reportExperiment', await experimentRuns(call, input))
}

/**
 * The records of an experiment's runs (`runs.json`), to be merged with others or reported anew. Stores the records that
 * are new since the last time, so that the models may be deleted afterwards.
 */
export async function experimentRuns(call: Call, { experimentId }: { experimentId: string }): Promise<ExperimentRuns> {
  const row = await requireExperiment(call, experimentId)
  const { queries } = call.database
  const runs = await listRuns(queries, row.id)
  await storeNewRecords(
    call,
    row,
    runs.filter((run) => !run.hasRecord && outcomeOf(run).kind === 'result'),
  )
  const planned = planRuns(row.definition)
  return {
    schemaVersion: 1,
    plan: planOf(row.definition),
    runs: await listRecords(queries, row.id),
    withoutResult: runs.flatMap((run) => {
      const outcome = outcomeOf(run)
      const { arm, seed, budget } = planned[run.position]!
      return outcome.kind === 'result'
        ? []
        : [{ arm, seed, budget, why: outcome.kind === 'unfinished' ? 'it has not ended' : outcome.why }]
    }),
  }
}

/** Reads one model after the other: predictions of many images and classes are megabytes. */
async function storeNewRecords(call: Call, row: ExperimentRow, runs: RunRow[]): Promise<void> {
  if (runs.length === 0) return
  const planned = planRuns(row.definition)
  const { contentSha256 } = await versionManifest(call, { versionId: row.versionId })
  for (const { position, jobId, job, model } of runs) {
    const read = (path: string): Promise<Uint8Array> => requireObject(call.store.read(model!.prefix + path))
    const {
      arm,
      seed,
      budget,
      spec: { evaluation },
    } = planned[position]!
    const experiment = row.definition.name
    const record = recordOfRun({
      experiment,
      planned: { arm, seed, budget, spec: storedSpec({ id: jobId, spec: job!.spec }) },
      content: contentSha256,
      predictions: readPredictions(await read(artifactPaths.predictions)),
      report: report
        .pick({ model: true, training: true, environment: true })
        .parse(JSON.parse(Buffer.from(await read(artifactPaths.report)).toString('utf8'))),
    })
    await storeRunRecord(call.database.queries, {
      experimentId: row.id,
      position,
      jobId,
      record: projectRecord(record, { experiment, arm, evaluation }),
    })
  }
}
