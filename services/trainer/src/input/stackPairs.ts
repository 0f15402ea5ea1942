/**
 * The method itself: k images become one input, joined along one axis, and its label is the mean of theirs
 * (ImCLR, arXiv 2011.12618; StackMix, Chen et al., UAI 2022; docs/method.md). Loss and everything else stay as they are.
 */
import type { Axis } from './axes.js'

export interface Pairs {
  /** uint8 `[b, height, width, 3]`, the first of each pair, augmented already. */
  images: Uint8Array
  /** float32 `[b, classes]`, each row summing to 1. */
  labels: Float32Array
  /** The others of each input, k - 1 of them: where they are and which. */
  partners: readonly Partners[]
  /** Which image of an input stands at each of its k positions, 0 being the first of the pair: `[b, k]`. Null: in their order. */
  positions?: Uint32Array | null
  axis: Axis
  height: number
  width: number
  classes: number
}

export interface Partners {
  /** uint8 `[m, height, width, 3]`: the batch itself, or images from outside it. */
  images: Uint8Array
  /** float32 `[m, classes]` */
  labels: Float32Array
  /** For each input its partner's place in `images`: `[b]`. */
  places: ArrayLike<number>
}

export interface Stacked {
  /** uint8 `[b, k height, width, 3]` or `[b, height, k width, 3]`. */
  images: Uint8Array
  /** float32 `[b, classes]` */
  labels: Float32Array
}

/**
 * Stacks each image with its partners. Pure: partners and positions are given, not drawn.
 *
 * @param out where the result goes; other arrays than the inputs
 * @example axis 'height', partners [1, 0]: images [A, B] → [A over B, B over A], labels [(a + b) / 2, (b + a) / 2]
 */
export function stackPairs(
  { images, labels, partners, positions, axis, height, width, classes }: Pairs,
  out: Stacked,
): void {
  const count = labels.length / classes
  const k = partners.length + 1
  const size = height * width * 3
  const members: readonly Partners[] = [
    { images, labels, places: Uint32Array.from({ length: count }, (_, i) => i) },
    ...partners,
  ]
  if (out.images.length !== count * k * size || out.labels.length !== count * classes) {
    throw new RangeError(
      `${count} inputs of ${k} images need ${count * k * size} bytes and ${count * classes} labels, got ${out.images.length} and ${out.labels.length}`,
    )
  }
  out.labels.fill(0)
  // Along the height whole images follow each other; along the width their rows do.
  const runs = axis === 'height' ? 1 : height
  const run = size / runs
  for (let position = 0; position < k; position++) {
    for (let i = 0; i < count; i++) {
      const member = members[positions ? positions[i * k + position]! : position]!
      const from = member.places[i]! * size
      const to = (i * k * runs + position) * run
      for (let r = 0; r < runs; r++)
        out.images.set(member.images.subarray(from + r * run, from + (r + 1) * run), to + r * k * run)
      for (let c = 0; c < classes; c++) out.labels[i * classes + c]! += member.labels[member.places[i]! * classes + c]!
    }
  }
  for (let i = 0; i < out.labels.length; i++) out.labels[i]! /= k
}
