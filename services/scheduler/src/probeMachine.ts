/** The measurement of a new machine, for the estimates of its first jobs. */
import { randomBytes } from 'node:crypto'
import { makeId, probeResult, trainingSpec, type ProbeResult } from '@imclr/contract'
import { hasProbe, storeProbe, trainingSpeed } from '@imclr/database'
import { asJson } from './follow/parseLine.js'
import type { Scheduler } from './parts.js'
import type { Slots } from './slots.js'

/** A slower machine than this keeps the assumed speed: its first job shall not wait any longer. */
const maxSeconds = 60

/**
 * Starts a probe in the first free slot, unless trainings have told the speed, this scheduler's machine was probed
 * before, or no slot is free. Returns at once. Jobs of other slots run meanwhile; the slot takes work when the probe
 * has ended. A probe that fails costs nothing but its estimate: the next start tries again.
 */
export async function probeMachine(scheduler: Scheduler, slots: Slots): Promise<void> {
  const { database, config, log } = scheduler
  if (!config.probes || (await isKnown(scheduler))) return
  const jobId = makeId('job', randomBytes(20))
  slots.reserve(jobId, async (slot) => {
    log.info({ slot }, 'measuring the speed of this machine, once')
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

/** Whether an estimate would not use the probe: trainings are better measurements. */
async function isKnown({ database: { queries }, config }: Scheduler): Promise<boolean> {
  const speed = await trainingSpeed(queries, trainingSpec.parse({}))
  return speed?.basis === 'measured' || (await hasProbe(queries, config.owner))
}

/**
 * Runs the probe to its end. Returns null if the scheduler closes meanwhile. Throws an error that says how it failed.
 */
async function runProbe(
  { launcher, config, clock, closing }: Scheduler,
  jobId: string,
  slot: number | null,
): Promise<ProbeResult | null> {
  const runner = await launcher.launch({ job: { schemaVersion: 1, kind: 'probe', jobId, attempt: 0 }, slot })
  try {
    const start = clock.now()
    let isLate = false
    while (await launcher.isRunning(runner)) {
      isLate = clock.now() - start > maxSeconds * 1000
      if (isLate || closing.aborted) await launcher.send(runner, 'kill')
      await clock.sleep(config.pollSeconds * 1000)
    }
    if (closing.aborted) return null
    if (isLate) throw new Error(`the probe took longer than ${maxSeconds} s and was ended`)
    await using events = await launcher.openEvents(runner)
    const lines = await events.read({ last: true })
    const result = lines.flatMap(({ text }) => probeResult.safeParse(asJson(text)).data ?? [])[0]
    if (result !== undefined) return result
    const { code, signal } = await launcher.exit(runner)
    const written =
      (await launcher.readLogEnd(runner, 2000)) ||
      lines
        .map(({ text }) => text)
        .join('\n')
        .slice(-2000)
    const how = signal !== null ? `was ended by ${signal}` : code !== null ? `ended with exit code ${code}` : 'is gone'
    throw new Error(`the probe ${how} and told no speed; it wrote: ${written || 'nothing'}`)
  } finally {
    await launcher.remove(runner)
  }
}
