import { Failure, isFinal, jobId, type JobEvent } from '@imclr/contract'
import { listEvents } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { requireJob } from './jobs.js'

export const followEventsRequest = z.strictObject({
  jobId,
  after: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0), // the number of the last event that the reader has
  follow: z.boolean().default(true), // wait for more events until the job has ended
})
type Input = z.output<typeof followEventsRequest>

const batchSize = 200
/** A notification may get lost with its connection: followers look again this often. */
const lookAgainMs = 10_000

/**
 * Streams the events of a job after a number, the oldest first, each once. The stream ends after the last event of a
 * job that has ended, when no event is left and `follow` is off, and after some minutes: a reader then asks again with
 * its last number. A stream has one batch of events in memory, and reads the next when the reader has taken this one.
 */
export async function followEvents(call: Call, input: Input, signal?: AbortSignal): Promise<AsyncIterable<JobEvent>> {
  await requireJob(call, input.jobId) // throws for an unknown job, before the stream begins
  const { signals, config } = call
  if (signals.count() >= config.maxEventStreams)
    throw new Failure('UNAVAILABLE', `This process serves ${config.maxEventStreams} event streams already`)
  return events(call, input, signal)
}

async function* events(
  call: Call,
  { jobId, after, follow }: Input,
  signal?: AbortSignal,
): AsyncGenerator<JobEvent, void> {
  const { database, signals, config, clock } = call
  using updates = signals.follow(jobId)
  const until = clock().getTime() + config.eventStreamSeconds * 1000
  let last = after
  while (signal?.aborted !== true) {
    // The state is read before the events: a job in a final state has stored its last event.
    const { state } = await requireJob(call, jobId)
    const batch = await listEvents(database.queries, { jobId, after: last, limit: batchSize })
    for (const event of batch) {
      last = event.number
      yield event
    }
    if (batch.length === batchSize) continue
    const left = until - clock().getTime()
    if (!follow || isFinal(state) || left <= 0 || signals.closed()) return
    await updates.waitForUpdate(Math.min(left, lookAgainMs), signal)
  }
}
