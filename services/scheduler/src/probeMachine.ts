/** The measurement of a new machine, for the estimates of its first jobs. */
import { randomBytes } from 'node:crypto'
import { makeId, probeResult, type ProbeResult } from '@imclr/contract'
import { hasProbe, storeProbe } from '@imclr/database'
import type { Scheduler } from './parts.js'
import type { Slots } from './slots.js'

/** A slower machine than this keeps the assumed speed: its first job shall not wait any longer. */
const maxSeconds = 60

/**
 * Starts a probe in the first free slot, unless this scheduler's machine was measured before or no slot is free. Returns
 * at once. Jobs of other slots run meanwhile; the slot takes work when the probe has ended. A probe that fails costs
 * nothing but its estimate: the next start tries again.
 */
export async function probeMachine(scheduler: Scheduler, slots: Slots): Promise<void> {
  const { database, config, log } = scheduler
  if (!config.probes || (await hasProbe(database.queries, config.owner))) return
  const jobId = makeId('job', randomBytes(20))
  slots.reserve(jobId, async (slot) => {
    try {
      const result = await runProbe(scheduler, jobId, slot)
      if (result === null) return
      await storeProbe(database.queries, config.owner, result)
      log.info(result, 'the speed of this machine was measured')
    } catch (err) {
      log.warn({ err }, 'the speed of this machine could not be measured; the first estimates assume one')
    }
  })
}

/** Runs the probe to its end. Returns null if the scheduler closes meanwhile. */
async function runProbe(
  { launcher, config, clock, closing }: Scheduler,
  jobId: string,
  slot: number | null,
): Promise<ProbeResult | null> {
  const runner = await launcher.launch({ job: { schemaVersion: 1, kind: 'probe', jobId, attempt: 0 }, slot })
  try {
    const start = clock.now()
    while (await launcher.isRunning(runner)) {
      const isLate = clock.now() - start > maxSeconds * 1000
      if (isLate || closing.aborted) await launcher.send(runner, 'kill')
      await clock.sleep(config.pollSeconds * 1000)
    }
    if (closing.aborted) return null
    await using events = await launcher.openEvents(runner)
    const [line] = await events.read({ last: true })
    const result = probeResult.safeParse(JSON.parse(line?.text ?? 'null'))
    if (result.success) return result.data
    const { code, signal } = await launcher.exit(runner)
    const log = await launcher.readLogEnd(runner, 2000)
    throw new Error(`the probe ended with ${signal ?? `exit code ${code}`}: ${log}`)
  } finally {
    await launcher.remove(runner)
  }
}
