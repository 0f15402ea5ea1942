import { entriesPerTurn, yieldToEventLoop } from './yieldToEventLoop.js'

/**
 * The numbers from 0 to `count` - 1 in an order; equal ones in their own. Sorted in runs that are merged, with others'
 * turns in between.
 */
export async function orderOf(
  count: number,
  compare: (a: number, b: number) => number,
  signal: AbortSignal,
): Promise<Uint32Array> {
  let [order, merged] = [Uint32Array.from({ length: count }, (_, index) => index), new Uint32Array(count)]
  for (let from = 0; from < count; from += entriesPerTurn) {
    order.subarray(from, from + entriesPerTurn).sort((a, b) => compare(a, b) || a - b)
    await yieldToEventLoop(signal)
  }
  for (let run = entriesPerTurn; run < count; run *= 2) {
    for (let from = 0; from < count; from += 2 * run) {
      const [middle, end] = [Math.min(from + run, count), Math.min(from + 2 * run, count)]
      let [left, right] = [from, middle]
      for (let to = from; to < end; to++) {
        merged[to] =
          right === end || (left < middle && compare(order[left]!, order[right]!) <= 0)
            ? order[left++]!
            : order[right++]!
        if (to % entriesPerTurn === 0) await yieldToEventLoop(signal)
      }
    }
    ;[order, merged] = [merged, order]
  }
  return order
}
