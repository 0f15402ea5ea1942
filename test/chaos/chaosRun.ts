import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, JobUpdate, TrainOptions } from '@imclr/sdk'
import { makeFolder } from '../support/parts.js'
import { smallArchive } from '../support/smallArchive.js'
import { membersOf, type Fleet, type TrainerKind } from './fleet.js'
import { planChaos, type Kill } from './plan.js'

/** What is trained in every run: about two seconds of a trainer's work, start left out. */
export const recipes = {
  protocol: { spec: { network: 'resnet8', epochs: 10, batchSize: 4 }, name: 'ms=40', spanMs: 2200 },
  real: {
    spec: {
      network: 'resnet8',
      epochs: 8,
      batchSize: 16,
      learningRate: 0.05,
      evaluation: { corruptionImages: 'none' },
    },
    name: 'stripes',
    spanMs: 8000,
  },
} as const satisfies Record<TrainerKind, { spec: TrainOptions; name: string; spanMs: number }>

export interface ChaosReport {
  seed: number
  kills: string[]
  attempts: number
  seconds: number
  losses: number[]
  /** What was promised and not kept; empty: all is well. */
  violations: string[]
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

/** Uploads the data set that all runs train on. */
export async function uploadData(sdk: Client, trainer: TrainerKind, variant = 0): Promise<{ versionId: string }> {
  const folder = makeFolder('chaos-data')
  const archive = join(folder, `shapes-${variant}.zip`)
  if (trainer === 'real') await smallArchive(archive, { perClass: 32, seed: 7 + variant })
  else await writeFile(archive, `content ${variant}`)
  const dataset = await persistently(() => sdk.datasets.upload(archive))
  await rm(folder, { recursive: true })
  return dataset
}

/**
 * One training under a seeded storm of `kill -9`, with `undisturbed` losses to be met; null: a calm run, to learn them.
 */
export async function chaosRun({
  fleet,
  sdk,
  ...run
}: {
  fleet: Fleet
  sdk: Client
  trainer: TrainerKind
  seed: number
  versionId: string
  undisturbed: number[] | null
}): Promise<ChaosReport> {
  const began = Date.now()
  const { spec, name: script, spanMs } = recipes[run.trainer]
  const plan = run.undisturbed === null ? { kills: [], uploads: false } : planChaos(run.seed, spanMs)
  const name = `${script} run=${run.seed}`
  const violations: string[] = []
  const kills: string[] = []
  const storm = (async () => {
    for (const kill of plan.kills) {
      await pause(kill.afterMs)
      kills.push(await strike(fleet, kill))
      await fleet.start()
    }
  })()

  // The real trainer's losses depend on the data, so its runs share them; this only proves that uploads survive.
  const uploaded = plan.uploads ? await uploadData(sdk, run.trainer, run.seed) : null
  const versionId = uploaded && run.trainer === 'protocol' ? uploaded.versionId : run.versionId
  const idempotencyKey = `chaos-run-${run.seed}`
  const submit = () =>
    persistently(() => sdk.train(versionId, { ...spec, name, limits: { maxAttempts: 20 } }, { idempotencyKey }))
  const job = await submit()
  const spying = spy(sdk, fleet)
  const watched: JobUpdate[] = []
  for await (const update of job.events()) watched.push(update)
  await storm
  await fleet.start()
  violations.push(...(await spying.stop()))

  if ((await submit()).id !== job.id) violations.push('the same idempotency key gave another job')
  const record = await persistently(() => job.refresh())
  if (record.state !== 'succeeded')
    violations.push(`the job ended as ${record.state}: ${record.failure?.message ?? ''}`)
  else violations.push(...(await persistently(() => flawsOfModel(sdk, fleet, record.modelId!))))
  const replayed: JobUpdate[] = []
  for await (const update of job.events()) replayed.push(update)
  if (JSON.stringify(watched) !== JSON.stringify(replayed))
    violations.push(
      `the reader who was there all the time saw ${watched.length} events, and not those ${replayed.length} that are kept`,
    )
  replayed.forEach(({ number }, index) => {
    if (number !== index + 1) violations.push(`event ${index + 1} has the number ${number}`)
  })
  const losses = replayed.flatMap(({ event }) => (event.type === 'epoch' ? [event.loss] : []))
  if (losses.length !== spec.epochs) violations.push(`${losses.length} epochs were told, not ${spec.epochs}`)
  if (run.undisturbed !== null && JSON.stringify(losses) !== JSON.stringify(run.undisturbed))
    violations.push(`the losses are ${losses.join(' ')}, undisturbed they were ${run.undisturbed.join(' ')}`)
  const left = await fleet.trainers()
  if (left.length > 0) violations.push(`trainers are left over: ${left.map(({ runner }) => runner.label).join(' ')}`)
  return { seed: run.seed, kills, attempts: record.attempt, seconds: (Date.now() - began) / 1000, losses, violations }
}

/** Kills; says what. A trainer that does not run (yet, any more) is spared. */
async function strike(fleet: Fleet, { target, which }: Kill): Promise<string> {
  const victims: string[] = []
  if (target !== 'services') {
    for (const trainer of await fleet.trainers()) {
      const members = membersOf(trainer)
      // Its supervisor, the trainer itself, or both.
      const chosen = which < 0.25 ? members.slice(0, 1) : which < 0.75 ? members.slice(1) : members
      for (const pid of chosen) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          continue // gone meanwhile
        }
      }
      victims.push(`trainer (${which < 0.25 ? 'supervisor' : which < 0.75 ? 'itself' : 'both'})`)
    }
  }
  if (target !== 'trainer') {
    const { services } = fleet
    const chosen = target === 'all' || which < 0.4 ? services : [services[Math.floor(which * services.length)]!]
    await fleet.kill(chosen)
    victims.push(...chosen)
  }
  return victims.length > 0 ? victims.join(' + ') : 'nobody'
}

/** Looks for models all the while: whatever is listed must be whole at that moment. */
function spy(sdk: Client, fleet: Fleet): { stop(): Promise<string[]> } {
  const seen = new Set<string>()
  const violations: string[] = []
  let stopped = false
  const spying = (async () => {
    while (!stopped) {
      try {
        for (const { id } of (await sdk.api.model.list({})).items) {
          if (seen.has(id)) continue
          violations.push(...(await flawsOfModel(sdk, fleet, id)))
          seen.add(id)
        }
      } catch {
        // The service is down at this moment; that is the point.
      }
      await pause(100)
    }
  })()
  return {
    async stop() {
      stopped = true
      await spying
      return violations
    },
  }
}

/** Every file of a model over HTTP, against its size and sha256. Throws where the service does not answer. */
async function flawsOfModel(sdk: Client, fleet: Fleet, modelId: string): Promise<string[]> {
  const flaws: string[] = []
  for (const { path, bytes, sha256 } of (await sdk.api.model.get({ modelId })).files) {
    const answer = await fetch(`${fleet.url}/v1/models/${modelId}/${path}`, {
      headers: { authorization: `Bearer ${fleet.apiKey()}` },
    })
    if (answer.status >= 500) throw new Error(`${path} is not to be had: ${answer.status}`)
    const content = Buffer.from(await answer.arrayBuffer())
    if (!answer.ok) flaws.push(`${modelId}/${path} is visible and answers ${answer.status}`)
    else if (content.length !== bytes || createHash('sha256').update(content).digest('hex') !== sha256)
      flaws.push(`${modelId}/${path} is not what its manifest says`)
  }
  return flaws
}

/** What a client does whose service comes and goes: the same again, for a minute. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const temporary =
        error instanceof Error &&
        (!('retryable' in error) || error.retryable === true || ('status' in error && error.status === 0))
      if (!temporary || Date.now() > deadline) throw error
      await pause(100)
    }
  }
}
