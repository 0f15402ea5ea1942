import { trainingSpec } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { stream } from '@imclr/trainer/random/testing'

const [count, side, classes] = [40, 8, 5]
const random = stream({ seed: 3, name: 'init' })
const split = {
  count,
  height: side,
  width: side,
  classes,
  images: Uint8Array.from({ length: count * side * side * 3 }, () => random.int(256)),
  labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
}
const imageBytes = side * side * 3
const feedOf = (mode: 'imclr' | 'baseline', seed: number) =>
  trainingFeed(split, trainingSpec.parse({ mode, seed, batchSize: 16 }))

describe('imclr and baseline runs of one seed', () => {
  it.each([0, 1, 7])('see the same augmented images in the same order in epoch %i', (epoch) => {
    const [pairs, singles] = [feedOf('imclr', 9), feedOf('baseline', 9)]
    for (let step = 0; step < singles.stepsPerEpoch; step++) {
      const single = singles.batch(epoch, step)
      const pair = pairs.batch(epoch, step)
      const halves = Array.from({ length: 32 }, (_, i) =>
        Buffer.from(pair.images.subarray(i * imageBytes, (i + 1) * imageBytes)),
      )
      const firsts = halves.filter((_, i) => i % 2 === 0)
      const seconds = halves.filter((_, i) => i % 2 === 1)
      expect(Buffer.concat(firsts).equals(Buffer.from(single.images))).toBe(true)
      // The partners are the same images again, each once: a permutation of the mini-batch.
      const sorted = (images: Buffer[]) => Buffer.concat([...images].sort(Buffer.compare))
      expect(sorted(seconds).equals(sorted(firsts))).toBe(true)
      // Of each class the pairs hold the same share as the singles.
      const shares = (labels: Float32Array) =>
        Array.from({ length: classes }, (_, c) =>
          labels.reduce((sum, share, i) => (i % classes === c ? sum + share : sum), 0),
        )
      expect(shares(pair.labels)).toEqual(shares(single.labels))
    }
  })

  it('see other images with another seed', () => {
    expect(
      Buffer.from(feedOf('baseline', 9).batch(0, 0).images).equals(
        Buffer.from(feedOf('baseline', 10).batch(0, 0).images),
      ),
    ).toBe(false)
  })
})
