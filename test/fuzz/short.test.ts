import { describe, expect, it } from 'vitest'
import { fuzz, uploadOf } from './fuzz.js'
import { packings, readers, type Packing } from './readers.js'
import { allowed, complaint, Trial } from './trial.js'

const honest = (packing: Packing) => ({ edits: [], packing, inside: { file: 0, changes: [] }, outside: [] })

/** A short run by seed; `npm run fuzz` has as long ones as one likes. */
describe('strange uploads', () => {
  it('are made of honest ones, which become versions', async () => {
    await using trial = new Trial()
    const codes: string[] = []
    for (const [i, reader] of readers.entries()) {
      const packing = (Object.keys(packings) as Packing[])[i % 4]!
      const { upload, unpacked } = uploadOf(reader, honest(packing))
      const ending = await trial.prepare(upload, { limitSeconds: 2 * allowed(unpacked).seconds })
      codes.push(`${reader.name}: ${ending.code} ${ending.message}`)
      expect(complaint(ending, allowed(unpacked))).toBeNull()
    }
    expect(codes).toEqual(readers.map(({ name }) => `${name}: null `))
  }, 180_000)

  it('end as versions or are refused with their place, quickly and in little memory', async () => {
    const { tried, findings } = await fuzz({ seconds: 120, seed: 20_261 })
    expect(findings).toEqual([])
    expect(tried).toBeGreaterThan(readers.length)
  }, 360_000)
})
