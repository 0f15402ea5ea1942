import { median } from '@imclr/statistics'
import { createClient } from '@imclr/sdk'
import { demoArchive } from '../trainer/jobs/harness.js'
import { standalone } from '../support/runService.js'

export interface SubmitRow {
  network: 'resnet20'
  seconds: number[]
  median: number
}

/**
 * From `sdk.train` to the first event of a step done, through the whole service on one machine; the first of the runs
 * is not counted.
 */
export async function benchSubmit({ repeats }: { repeats: number }): Promise<SubmitRow> {
  await using service = await standalone()
  const sdk = createClient(service)
  const dataset = await sdk.datasets.upload(demoArchive)
  const seconds: number[] = []
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const start = performance.now()
    const job = await sdk.train(dataset, { network: 'resnet20', epochs: 100, evaluation: { corruptionImages: 'none' } })
    for await (const { event } of job.events())
      if (event.type === 'progress' && event.phase === 'training' && event.done > 0) break
    if (repeat > 0) seconds.push((performance.now() - start) / 1000)
    await job.cancel('now')
    await job.result().catch(() => {})
  }
  return { network: 'resnet20', seconds, median: median(seconds)! }
}
