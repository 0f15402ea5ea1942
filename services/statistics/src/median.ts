/**
 * The middle value. For an even number of values, the upper of the two middle ones, so that the result is one of the
 * values. Undefined without values.
 */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
