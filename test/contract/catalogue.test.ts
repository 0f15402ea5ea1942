import { catalogue, catalogueEntry } from '@imclr/contract'
import { describe, expect, it } from 'vitest'

describe('the catalogue', () => {
  it('has valid entries, each only once and each with a file to fetch', () => {
    for (const entry of catalogue) expect(catalogueEntry.parse(entry)).toEqual(entry)
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length)
    for (const { files } of catalogue) expect(files.some(({ needed }) => needed)).toBe(true)
  })

  it("rounds CIFAR-10's statistics, which were counted from all its training pixels", () => {
    const { channelMean, channelStd } = catalogue.find(({ name }) => name === 'cifar10')!
    // These numbers come from a preparation of the complete binary archive.
    const [mean, std] = [
      [125.306918, 122.950394, 113.865383],
      [62.993219, 62.088708, 66.7049],
    ]
    channelMean!.forEach((value, i) => expect(Math.abs(value - mean[i]!)).toBeLessThan(0.051))
    channelStd!.forEach((value, i) => expect(Math.abs(value - std[i]!)).toBeLessThan(0.051))
  })
})
