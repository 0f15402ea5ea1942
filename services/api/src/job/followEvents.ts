import { Failure, isFinal, jobId, type JobEvent } from '@imclr/contract'
import { listEvents } from '@imclr/database'
import { z } from 'zod'
import type { Call } from '../request/context.js'
import { ownJob } from './shownJob.js'

export const followEventsRequest = z.strictObject({
  jobId,
  after: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0), // the number of the last event that was seen
  follow: z.boolean().default(true), // wait for further ones until the job has ended
})
type Input = z.output<typeof followEventsRequest>

const pageSize = 200
/** News may get lost with a connection; looking again this often loses nothing. */
const lookAgainMs = 10_000

/**
 * The events of a job after a number, oldest first, each once. Ends when the job has ended and all was told, when
 * nothing is left and `follow` is off, or after some minutes: whoever wants more comes back with the last number.
 * A page of events is in memory per stream, no more; the next is read when the reader has taken it.
 */
export async function followEvents(call: Call, input: Input, signal?: AbortSignal): Promise<AsyncIterable<JobEvent>> {
  await ownJob(call, input.jobId) // an unknown one is refused here, not in the middle of a stream
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
  using bell = signals.follow(jobId)
  const until = clock().getTime() + config.eventStreamSeconds * 1000
  let last = after
  while (signal?.aborted !== true) {
    // The state before the events: what is final has written its last event.
    const { state } = await ownJob(call, jobId)
    const page = await listEvents(database.queries, { jobId, after: last, limit: pageSize })
    for (const event of page) {
      last = event.number
      yield event
    }
    if (page.length === pageSize) continue
    const left = until - clock().getTime()
    if (!follow || isFinal(state) || left <= 0 || signals.closed()) return
    await bell.rung(Math.min(left, lookAgainMs), signal)
  }
}
