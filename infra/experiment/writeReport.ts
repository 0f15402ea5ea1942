import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  resolveDefinition,
  mergeRuns,
  reportExperiment,
  reinterpretRuns,
  type ExperimentChoice,
  type ExperimentReport,
} from '@imclr/experiments'
import { experimentRuns, type ExperimentRuns } from '@imclr/contract'
import { experimentPage } from '@imclr/page'
import { z } from 'zod'
import { comparisonsCsv, runsCsv } from './csv.js'

/** Writes the report, the tables and the runs into `folder`. Trains nothing. Returns the report and the paths. */
export async function writeReport(
  runs: ExperimentRuns,
  folder: string,
): Promise<{ report: ExperimentReport; paths: string[] }> {
  const report = reportExperiment(runs)
  const files = {
    'report.html': experimentPage(report),
    'report.json': `${JSON.stringify(report, null, 1)}\n`,
    'runs.csv': runsCsv(runs),
    'comparisons.csv': comparisonsCsv(report),
    'runs.json': `${JSON.stringify(runs)}\n`,
  }
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return { report, paths: Object.keys(files).map((name) => join(folder, name)) }
}

/**
 * Reads the stored runs of one experiment from one or several files. With `as`, reads them as runs of that experiment.
 * Throws if a file holds something else, and Failure CONFLICT if the runs do not fit together.
 */
export async function readRuns(paths: string[], as: ExperimentChoice | null): Promise<ExperimentRuns> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const parsed = experimentRuns.safeParse(JSON.parse(await readFile(path, 'utf8')))
      if (!parsed.success)
        throw new Error(`${path} holds no stored runs of an experiment:\n${z.prettifyError(parsed.error)}`)
      return parsed.data
    }),
  )
  return as === null ? mergeRuns(files) : reinterpretRuns(resolveDefinition(as), files)
}
