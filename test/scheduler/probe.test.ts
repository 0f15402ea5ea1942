import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { trainingSpeed, type Database } from '@imclr/database'
import { processLauncher, trainerEnvironment, type Launch, type Launcher } from '@imclr/scheduler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './workshop.js'

/** The measurement of a new machine, by the real trainer where it succeeds and by small scripts where it does not. */
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const trainer = fileURLToPath(new URL('../../services/trainer/dist/main.js', import.meta.url))

/** A launcher that notes the kinds of the jobs that it launches. */
function launcherOf(
  folder: string,
  command: [string, ...string[]],
): { workDir: string; launcher: Launcher; launched: string[] } {
  const workDir = join(shop.folder, folder)
  const launched: string[] = []
  const launcher = processLauncher({
    command,
    environment: trainerEnvironment(process.env),
    workDir,
    host: hostname(),
    niceness: 0,
    devices: null,
  })
  const launch = (each: Launch) => {
    launched.push(each.job.kind)
    return launcher.launch(each)
  }
  return { workDir, launcher: { ...launcher, launch }, launched }
}
const speed = (database: Database) => trainingSpeed(database.queries, { network: 'resnet8', precision: 'float32' })
const patiently = { timeout: 60_000, interval: 20 }
const runningTrainers = (launcher: Launcher) => expect.poll(async () => (await launcher.list()).length, patiently)

describe('a probe', () => {
  it('that fails leaves the speed unknown, and its slot takes the next job', async () => {
    const { workDir, launcher, launched } = launcherOf('failing', [process.execPath, '-e', 'process.exit(3)'])
    const scheduler = await shop.start({ workDir, launcher, probes: true })
    const jobId = await shop.train('one', { limits: { maxAttempts: 1 } })
    await shop.ended(jobId)
    expect(launched).toEqual(['probe', 'train'])
    expect(await speed(shop.database)).toBeNull()
    await scheduler.close()
  })

  it('ends with its scheduler', async () => {
    const { workDir, launcher } = launcherOf('endless', [process.execPath, '-e', 'setInterval(() => {}, 1000)'])
    const scheduler = await shop.start({ workDir, launcher, probes: true })
    await runningTrainers(launcher).toBe(1)
    await scheduler.close()
    expect(await launcher.list()).toEqual([])
    expect(await speed(shop.database)).toBeNull()
  })

  it('of a scheduler that was killed is ended by the next one', async () => {
    const { workDir, launcher } = launcherOf('left', [process.execPath, '-e', 'setInterval(() => {}, 1000)'])
    await launcher.launch({ job: { schemaVersion: 1, kind: 'probe', jobId: 'job_leftrunning', attempt: 0 }, slot: 0 })
    const scheduler = await shop.start({ workDir, launcher })
    await runningTrainers(launcher).toBe(0)
    await scheduler.close()
  })

  it('of the real trainer measures the machine once, and later starts do not repeat it', async () => {
    const { workDir, launcher, launched } = launcherOf('real', [process.execPath, trainer])
    const first = await shop.start({ workDir, launcher, probes: true })
    await expect.poll(() => speed(shop.database), patiently).not.toBeNull()
    const measured = await speed(shop.database)
    expect(measured!.basis).toBe('probed')
    // The slowest machines that train at all and the fastest accelerators are inside.
    expect(measured!.multiplyAddsPerSecond).toBeGreaterThan(1e8)
    expect(measured!.multiplyAddsPerSecond).toBeLessThan(1e14)
    await first.close()
    const second = await shop.start({ workDir, launcher, probes: true })
    await second.close()
    expect(launched).toEqual(['probe'])
    expect(await speed(shop.database)).toEqual(measured)
  })
})
