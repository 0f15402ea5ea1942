import type { ExperimentReport } from '@imclr/experiments'
import { experimentPage } from '@imclr/page'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { runInWorker } from '../request/runInWorker.js'
import { ownExperiment } from './shownExperiment.js'
import { storedRuns } from './storedRuns.js'

export const reportPageAnswer = z.object({ html: z.string() })

/** What the runs that have a result say; computed on a thread of its own, as its bootstraps take seconds. */
export async function reportOfExperiment(
  call: Call,
  { experimentId }: { experimentId: string },
): Promise<ExperimentReport> {
  return runInWorker<ExperimentReport>(
    import.meta.url,
    'reportWorker.js',
    await storedRuns(call, await ownExperiment(call, experimentId)),
  )
}

/** The same as one page of HTML that needs nothing else. */
export async function pageOfExperiment(
  call: Call,
  input: { experimentId: string },
): Promise<z.infer<typeof reportPageAnswer>> {
  return { html: experimentPage(await reportOfExperiment(call, input)) }
}
