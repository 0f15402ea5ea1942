import { describe, expect, it } from 'vitest'
import { stream, xoshiro128 } from '../../../services/trainer/src/random/stream.js'

describe('named seeded streams', () => {
  it('draws what the published C program of xoshiro128** draws', () => {
    const from1234 = xoshiro128([1, 2, 3, 4])
    expect(Array.from({ length: 8 }, from1234.bits)).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849])
    const highBits = xoshiro128([0xdeadbeef, 0x12345678, 0xffffffff, 0x80000000])
    expect(Array.from({ length: 4 }, highBits.bits)).toEqual([2576977301, 2031002624, 493879743, 1881573885])
  })

  it('gives the same draws for the same key and others for any other key', () => {
    const key = { seed: 7, name: 'pair', epoch: 3, index: 11 } as const
    const draw = (change: object) => Array.from({ length: 4 }, stream({ ...key, ...change }).bits).join()
    expect(draw({})).toBe(draw({}))
    const others = [{}, { seed: 8 }, { name: 'augment' }, { epoch: 4 }, { index: 12 }, { epoch: 31, index: 1 }].map(draw)
    expect(new Set(others).size).toBe(others.length)
  })

  it('permutes: every value once, all 24 orders of four equally often', () => {
    expect([...stream({ seed: 1, name: 'shuffle' }).permutation(1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    const source = stream({ seed: 2, name: 'shuffle' })
    const counts = new Map<string, number>()
    for (let i = 0; i < 24_000; i++) {
      const order = source.permutation(4).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(49.73) // 23 degrees of freedom, p = 0.001
  })

  it('has the moments of its distributions', () => {
    const source = stream({ seed: 3, name: 'augment' })
    const n = 100_000
    const moments = (draw: () => number) => {
      const values = Array.from({ length: n }, draw)
      const mean = values.reduce((a, b) => a + b) / n
      return [mean, values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n] as const
    }
    const [uniformMean, uniformVariance] = moments(source.uniform)
    const [normalMean, normalVariance] = moments(source.normal)
    // Five standard errors each.
    expect(Math.abs(uniformMean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(uniformVariance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n))
    expect(Math.abs(normalMean)).toBeLessThan(5 / Math.sqrt(n))
    expect(Math.abs(normalVariance - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    expect(() => source.int(0)).toThrow(RangeError)
  })
})
