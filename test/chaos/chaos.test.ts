import { createClient, type Client } from '@imclr/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requirePart } from '../support/parts.js'
import { chaosRun, uploadData } from './chaosRun.js'
import { separateFleet, standaloneFleet, type Fleet, type TrainerKind } from './fleet.js'

/**
 * 20 seeded runs; `npm run chaos` has as many as one likes. Most with a trainer that keeps the protocol alone, for
 * time; the real one in some.
 */
const storms: {
  where: string
  trainer: TrainerKind
  seeds: number[]
  open: (trainer: TrainerKind) => Promise<Fleet>
  missing: boolean
}[] = [
  { where: 'in one process', trainer: 'protocol', seeds: range(1, 11), open: standaloneFleet, missing: false },
  {
    where: 'as API and scheduler over PostgreSQL and Redis',
    trainer: 'protocol',
    seeds: range(100, 6),
    open: separateFleet,
    missing: !requirePart('postgres') || !requirePart('redis'),
  },
  {
    where: 'in one process, training in earnest',
    trainer: 'real',
    seeds: range(200, 3),
    open: standaloneFleet,
    missing: false,
  },
]

describe.each(storms)('the service $where', ({ trainer, seeds, open, missing }) => {
  if (missing) return it.skip('needs PostgreSQL and Redis', () => {})
  let fleet: Fleet
  let sdk: Client
  let versionId: string
  let undisturbed: number[]

  beforeAll(async () => {
    fleet = await open(trainer)
    await fleet.start()
    sdk = createClient({ url: fleet.url, apiKey: fleet.apiKey() })
    versionId = (await uploadData(sdk, trainer)).versionId
    const calm = await chaosRun({ fleet, sdk, trainer, seed: 0, versionId, undisturbed: null })
    expect(calm.violations).toEqual([])
    undisturbed = calm.losses
    expect(new Set(undisturbed).size).toBe(undisturbed.length)
  }, 180_000)
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
  }, 60_000)

  it.each(seeds)(
    'keeps every promise under the storm of seed %i',
    async (seed) => {
      const report = await chaosRun({ fleet, sdk, trainer, seed, versionId, undisturbed })
      if (report.violations.length > 0) console.error(`killed ${report.kills.join(', ')}\n${fleet.words()}`)
      expect(report.violations).toEqual([])
    },
    180_000,
  )
})

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}
