import { breathAfter, breathe } from './breathe.js'

/** The numbers from 0 to `count` - 1 in an order; equal ones in their own. Sorted in runs that are merged, with others' turns in between. */
export async function orderOf(
  count: number,
  compare: (a: number, b: number) => number,
  signal: AbortSignal,
): Promise<Uint32Array> {
  let [order, merged] = [Uint32Array.from({ length: count }, (_, index) => index), new Uint32Array(count)]
  for (let from = 0; from < count; from += breathAfter) {
    order.subarray(from, from + breathAfter).sort((a, b) => compare(a, b) || a - b)
    await breathe(signal)
  }
  for (let run = breathAfter; run < count; run *= 2) {
    for (let from = 0; from < count; from += 2 * run) {
      const [middle, end] = [Math.min(from + run, count), Math.min(from + 2 * run, count)]
      let [left, right] = [from, middle]
      for (let to = from; to < end; to++) {
        merged[to] =
          right === end || (left < middle && compare(order[left]!, order[right]!) <= 0)
            ? order[left++]!
            : order[right++]!
        if (to % breathAfter === 0) await breathe(signal)
      }
    }
    ;[order, merged] = [merged, order]
  }
  return order
}
