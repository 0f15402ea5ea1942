import { trainingSpec, type TrainingSpecInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { trainingFeed, unlabelledPool, type UnlabelledImages } from '@imclr/trainer/input/testing'
import { noise } from '../ingest/uploads.js'

const side = 8
const size = side * side * 3
const labelled = {
  count: 24,
  height: side,
  width: side,
  classes: 3,
  images: noise(1, 24 * size),
  labels: Uint16Array.from({ length: 24 }, (_, i) => i % 3),
}
/** Image i is of the colour i throughout. */
const plain = (count: number): UnlabelledImages => ({
  count,
  height: side,
  width: side,
  images: Uint8Array.from({ length: count * size }, (_, at) => Math.floor(at / size)),
})
const noisy = (count: number): UnlabelledImages => ({
  count,
  height: side,
  width: side,
  images: noise(2, count * size),
})

function feedOf(unlabelled: UnlabelledImages | null, input: TrainingSpecInput, workers = 0) {
  return trainingFeed({ ...labelled, unlabelled }, trainingSpec.parse({ batchSize: 8, seed: 5, epochs: 4, ...input }), {
    workers,
  })
}
type Feed = ReturnType<typeof feedOf>
const asTheyAre = { augment: [] }
const viewsAt = (feed: Feed, epoch: number, step: number) =>
  feed.batch(epoch, step).views.map((view) => Buffer.from(view))
/** The colours of the images of a batch, or of the halves of its pairs, one after another. */
const colours = (view: Uint8Array) => Array.from({ length: view.length / size }, (_, i) => view[i * size]!)

describe('unlabelled images beside the labelled ones', () => {
  it('leave the labelled batches as they are', () => {
    const more: TrainingSpecInput = { augment: ['crop', 'flip', { op: 'noise' }], mix: 'cutmix' }
    const alone = feedOf(null, more)
    expect([alone.unlabelled, alone.batch(0, 0).views]).toEqual([null, []])
    for (const method of ['pi-model', 'mean-teacher', 'pseudo-label'] as const) {
      const feed = feedOf(noisy(10), { semiSupervised: { method, ratio: 2 }, ...more })
      for (const [epoch, step] of [
        [0, 0],
        [0, 2],
        [3, 1],
      ] as const) {
        const { images, labels, labelEntropy } = feed.batch(epoch, step)
        const expected = alone.batch(epoch, step)
        expect([Buffer.from(images), [...labels], labelEntropy]).toEqual([
          Buffer.from(expected.images),
          [...expected.labels],
          expected.labelEntropy,
        ])
      }
    }
  })

  it('repeat in rounds: each image once per round, in a new order, whatever the batch size', () => {
    for (const [count, ratio] of [
      [20, 1],
      [8, 1],
      [3, 1],
      [11, 3],
    ] as const) {
      const feed = feedOf(plain(count), {
        mode: 'baseline',
        semiSupervised: { method: 'pseudo-label', ratio },
        ...asTheyAre,
      })
      const seen = Array.from({ length: 12 }, (_, step) =>
        colours(viewsAt(feed, Math.floor(step / 3), step % 3)[0]!),
      ).flat()
      expect(seen).toHaveLength(12 * 8 * ratio)
      const rounds = Array.from({ length: Math.floor(seen.length / count) }, (_, round) =>
        seen.slice(round * count, (round + 1) * count),
      )
      for (const round of rounds)
        expect([...round].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(new Set(rounds.map(String)).size).toBeGreaterThan(1)
    }
  })

  it('are a function of the step: any step can be asked for at once, whatever the number of threads', () => {
    const input: TrainingSpecInput = {
      semiSupervised: { method: 'pi-model', ratio: 2 },
      augment: ['translate', 'flip', { op: 'noise' }, 'augmix'],
      stacking: { pairing: 'independent' },
    }
    const feed = feedOf(noisy(11), input)
    const there = Array.from({ length: 9 }, (_, step) => viewsAt(feed, Math.floor(step / 3), step % 3))
    for (const step of [8, 2, 5, 0])
      expect(viewsAt(feedOf(noisy(11), input), Math.floor(step / 3), step % 3)).toEqual(there[step])
    expect(viewsAt(feedOf(noisy(11), { ...input, seed: 6 }), 0, 0)).not.toEqual(there[0])
    const threaded = feedOf(noisy(11), input, 2)
    there.forEach((expected, step) => {
      if (step > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100) // the threads get their turn
      expect(viewsAt(threaded, Math.floor(step / 3), step % 3)).toEqual(expected)
    })
    threaded.close()
  })

  it('are two views that differ by their augmentation alone, which no labelled image shares', () => {
    const input: TrainingSpecInput = { mode: 'baseline', semiSupervised: { method: 'pi-model' } }
    const [first, second] = viewsAt(feedOf(noisy(20), input), 0, 0)
    expect(first).not.toEqual(second)
    const [one, other] = viewsAt(feedOf(noisy(20), { ...input, ...asTheyAre }), 0, 0)
    expect(one).toEqual(other)
    // With the labelled images in the unlabelled one's place, the streams still differ.
    const same = feedOf(labelled, input)
    expect(Buffer.from(same.batch(0, 0).images)).not.toEqual(viewsAt(same, 0, 0)[0])
  })

  it.each(['permutation', 'derangement', 'independent', 'different-class'] as const)(
    'stacked, are two views of the same ordered pairs (%s)',
    (pairing) => {
      // Flips leave plain colours as they are.
      const feed = feedOf(plain(40), {
        mode: 'imclr',
        stacking: { pairing, positions: 'random' },
        semiSupervised: { method: 'mean-teacher' },
        augment: ['flip'],
      })
      expect(feed.unlabelled).toEqual({ batchSize: 8, views: 2, inputSizes: [{ height: 16, width: 8 }] })
      const pairs = [0, 1, 2].map((step) => {
        const [first, second] = viewsAt(feed, 0, step).map(colours)
        expect(second).toEqual(first)
        return first!
      })
      if (pairing === 'permutation' || pairing === 'derangement')
        for (const halves of pairs)
          expect([...halves].sort().filter((_, i) => i % 2 === 0)).toEqual(
            [...halves].sort().filter((_, i) => i % 2 === 1),
          )
      if (pairing === 'derangement')
        for (const halves of pairs) for (let i = 0; i < 16; i += 2) expect(halves[i]).not.toBe(halves[i + 1])
      expect(new Set(pairs.map(String)).size).toBe(3)
    },
  )

  it('stacked along a random axis, use the axis of the labelled images of their step', () => {
    const along = (axis: 'random' | 'height' | 'width') =>
      feedOf(noisy(40), { mode: 'imclr', stacking: { axis }, semiSupervised: { method: 'pi-model' } })
    const [either, ...each] = [along('random'), along('height'), along('width')]
    expect(either.unlabelled!.inputSizes).toEqual([
      { height: 16, width: 8 },
      { height: 8, width: 16 },
    ])
    const sizes = Array.from({ length: 9 }, (_, at) => {
      const [epoch, step] = [Math.floor(at / 3), at % 3]
      const { size: along, images, views } = either.batch(epoch, step)
      const expected = each[along]!.batch(epoch, step)
      expect([images, ...views].map((bytes) => Buffer.from(bytes))).toEqual(
        [expected.images, ...expected.views].map((bytes) => Buffer.from(bytes)),
      )
      return along
    })
    expect(new Set(sizes)).toEqual(new Set([0, 1]))
  })

  it('stacked, have every half augmented on its own', () => {
    const feed = feedOf(noisy(1), { mode: 'imclr', semiSupervised: { method: 'pi-model' }, augment: [{ op: 'noise' }] })
    const [view, other] = viewsAt(feed, 0, 0)
    const halves = [view!, other!].flatMap((one) =>
      [one.subarray(0, size), one.subarray(2 * size, 3 * size)].map((half) => half.toString('hex')),
    )
    expect(new Set(halves).size).toBe(4)
  })

  it('come as single images where the spec or the method says so', () => {
    const single = { batchSize: 8, views: 2, inputSizes: [{ height: 8, width: 8 }] }
    expect(feedOf(plain(9), { semiSupervised: { method: 'pi-model', stackUnlabelled: false } }).unlabelled).toEqual(
      single,
    )
    expect(feedOf(plain(9), { mode: 'baseline', semiSupervised: { method: 'pi-model' } }).unlabelled).toEqual(single)
    const pseudo = feedOf(plain(9), { semiSupervised: { method: 'pseudo-label' } })
    expect(pseudo.unlabelled).toEqual({ ...single, views: 1 })
    expect(pseudo.batch(0, 0).views).toHaveLength(1)
    expect(
      feedOf(plain(9), { stacking: { images: 3, axis: 'width' }, semiSupervised: { method: 'pi-model' } }).unlabelled,
    ).toEqual({ ...single, inputSizes: [{ height: 8, width: 24 }] })
    expect(
      feedOf(plain(9), { stacking: { axis: 'random' }, semiSupervised: { method: 'pi-model', stackUnlabelled: false } })
        .unlabelled,
    ).toEqual(single)
  })

  it('have labels that nothing reads', () => {
    const guarded = {
      ...noisy(9),
      classes: 3,
      get labels(): Uint16Array {
        throw new Error('a label was read')
      },
    }
    const both = unlabelledPool([
      { source: 'left-over', positions: new Uint32Array(9), images: guarded },
      { source: 'labelled', positions: new Uint32Array(9), images: guarded },
    ])
    expect([both.images.count, both.sources]).toEqual([18, { 'left-over': 9, labelled: 9 }])
    const one = unlabelledPool([{ source: 'left-over', positions: new Uint32Array(9), images: guarded }])
    for (const { images } of [one, both])
      expect(Object.keys(images).sort()).toEqual(['count', 'height', 'images', 'width'])
    for (const method of ['pi-model', 'mean-teacher', 'pseudo-label'] as const)
      feedOf(guarded, { semiSupervised: { method }, stacking: { pairing: 'same-class' } }).batch(0, 0)
  })
})
