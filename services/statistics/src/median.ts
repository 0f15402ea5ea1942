/** The middle one by size; of an even number the upper of the two, so that it is one of them. Undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
