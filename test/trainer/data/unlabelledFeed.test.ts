import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed } from '../../../services/trainer/src/data/feed.js'
import { withUnlabelled } from '../../../services/trainer/src/data/unlabelledFeed.js'
import { unlabelledPool, type UnlabelledImages } from '../../../services/trainer/src/data/unlabelledPool.js'
import { noise } from './uploads.js'

const side = 8
const size = side * side * 3
const labelled = { count: 24, height: side, width: side, classes: 3, images: noise(1, 24 * size), labels: Uint16Array.from({ length: 24 }, (_, i) => i % 3) }
/** Image i is of the colour i throughout. */
const plain = (count: number): UnlabelledImages => ({ count, height: side, width: side, images: Uint8Array.from({ length: count * size }, (_, at) => Math.floor(at / size)) })
const noisy = (count: number): UnlabelledImages => ({ count, height: side, width: side, images: noise(2, count * size) })

function feedOf(pool: UnlabelledImages, input: TrainingSpecInput) {
  const spec = trainingSpec.parse({ batchSize: 8, seed: 5, ...input })
  return withUnlabelled(trainingFeed(labelled, spec), pool, { ...spec, semiSupervised: spec.semiSupervised! })
}
const plainly = { augmentation: { cropPadding: 0, flip: false } }
const copies = (views: readonly Uint8Array[]) => views.map((view) => Buffer.from(view))
const viewsAt = (feed: ReturnType<typeof feedOf>, epoch: number, step: number) => copies(feed.batch(epoch, step).views!)
/** The colours of the images of a batch, or of the halves of its pairs, one after another. */
const colours = (view: Uint8Array) => Array.from({ length: view.length / size }, (_, i) => view[i * size]!)

describe('unlabelled images beside the labelled ones', () => {
  it('leave the labelled batches as they are', () => {
    const alone = trainingFeed(labelled, trainingSpec.parse({ batchSize: 8, seed: 5 }))
    for (const method of ['pi-model', 'mean-teacher', 'pseudo-label'] as const) {
      const feed = feedOf(noisy(10), { semiSupervised: { method, ratio: 2 } })
      for (const [epoch, step] of [[0, 0], [0, 2], [3, 1]] as const) {
        const { images, labels, labelEntropy } = feed.batch(epoch, step)
        const expected = alone.batch(epoch, step)
        expect([Buffer.from(images), [...labels], labelEntropy]).toEqual([Buffer.from(expected.images), [...expected.labels], expected.labelEntropy])
      }
    }
  })

  it('go round: each once in a round, in another order each, whatever the size of the batch', () => {
    for (const [count, ratio] of [[20, 1], [8, 1], [3, 1], [11, 3]] as const) {
      const feed = feedOf(plain(count), { mode: 'baseline', semiSupervised: { method: 'pseudo-label', ratio }, ...plainly })
      const seen = Array.from({ length: 12 }, (_, step) => colours(viewsAt(feed, Math.floor(step / 3), step % 3)[0]!)).flat()
      expect(seen).toHaveLength(12 * 8 * ratio)
      const rounds = Array.from({ length: Math.floor(seen.length / count) }, (_, round) => seen.slice(round * count, (round + 1) * count))
      for (const round of rounds) expect([...round].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(new Set(rounds.map(String)).size).toBeGreaterThan(1)
    }
  })

  it('are a function of the step: any can be asked for at once', () => {
    const semiSupervised = { method: 'pi-model', ratio: 2 } as const
    const feed = feedOf(noisy(11), { semiSupervised })
    const there = Array.from({ length: 9 }, (_, step) => viewsAt(feed, Math.floor(step / 3), step % 3))
    for (const step of [8, 2, 5, 0]) expect(viewsAt(feedOf(noisy(11), { semiSupervised }), Math.floor(step / 3), step % 3)).toEqual(there[step])
    expect(viewsAt(feedOf(noisy(11), { semiSupervised, seed: 6 }), 0, 0)).not.toEqual(there[0])
  })

  it('are two views that differ by the augmentation alone', () => {
    const [first, second] = viewsAt(feedOf(noisy(20), { semiSupervised: { method: 'pi-model' } }), 0, 0)
    expect(first).not.toEqual(second)
    const [one, other] = viewsAt(feedOf(noisy(20), { semiSupervised: { method: 'pi-model' }, ...plainly }), 0, 0)
    expect(one).toEqual(other)
  })

  it.each(['permutation', 'independent'] as const)('stacked, are two views of the same ordered pairs (%s)', (pairing) => {
    // Flips leave plain colours as they are.
    const feed = feedOf(plain(40), { mode: 'imclr', stacking: { pairing }, semiSupervised: { method: 'mean-teacher' }, augmentation: { cropPadding: 0 } })
    expect(feed.unlabelled).toEqual({ batchSize: 8, inputHeight: 16, inputWidth: 8 })
    const pairs = [0, 1, 2].map((step) => {
      const [first, second] = viewsAt(feed, 0, step).map(colours)
      expect(second).toEqual(first)
      return first!
    })
    for (const halves of pairs) {
      const firsts = halves.filter((_, i) => i % 2 === 0)
      const seconds = halves.filter((_, i) => i % 2 === 1)
      expect(firsts).not.toEqual(seconds)
      if (pairing === 'permutation') expect([...seconds].sort()).toEqual([...firsts].sort())
    }
    expect(new Set(pairs.map(String)).size).toBe(3)
  })

  it('come as single images where the spec or the method says so', () => {
    const single = { batchSize: 8, inputHeight: 8, inputWidth: 8 }
    expect(feedOf(plain(9), { semiSupervised: { method: 'pi-model', stackUnlabelled: false } }).unlabelled).toEqual(single)
    expect(feedOf(plain(9), { mode: 'baseline', semiSupervised: { method: 'pi-model' } }).unlabelled).toEqual(single)
    const pseudo = feedOf(plain(9), { semiSupervised: { method: 'pseudo-label' } })
    expect(pseudo.unlabelled).toEqual(single)
    expect(pseudo.batch(0, 0).views).toHaveLength(1)
    expect(feedOf(plain(9), { stacking: { images: 3, axis: 'width' }, semiSupervised: { method: 'pi-model' } }).unlabelled).toEqual({ batchSize: 8, inputHeight: 8, inputWidth: 24 })
  })

  it('never have a label read', () => {
    const guarded = { ...noisy(9), classes: 3, get labels(): Uint16Array { throw new Error('a label was read') } }
    const pool = unlabelledPool([{ source: 'left-over', positions: new Uint32Array(9), images: guarded }, { source: 'labelled', positions: new Uint32Array(9), images: guarded }])
    expect(pool.images.count).toBe(18)
    expect(Object.keys(unlabelledPool([{ source: 'left-over', positions: new Uint32Array(9), images: guarded }]).images)).not.toContain('labels')
    for (const method of ['pi-model', 'mean-teacher', 'pseudo-label'] as const) feedOf(guarded, { semiSupervised: { method } }).batch(0, 0)
  })
})
