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

/** Writes everything that stored runs give; nothing is trained. Gives the report and the paths. */
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
 * Stored runs of one experiment out of one file or several; of the experiment `as`, whatever those are of, where it is given. Throws where a
 * file holds something else, Failure CONFLICT where they do not fit together.
 */
export async function readRuns(paths: string[], as: ExperimentChoice | null): Promise<ExperimentRuns> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const parsed = experimentRuns.safeParse(JSON.parse(await readFile(path, 'utf8')))
      if (!parsed.success)
        throw new Error(`${path} does not hold stored runs of an experiment:\n${z.prettifyError(parsed.error)}`)
      return parsed.data
    }),
  )
  return as === null ? mergeRuns(files) : reinterpretRuns(resolveDefinition(as), files)
}
