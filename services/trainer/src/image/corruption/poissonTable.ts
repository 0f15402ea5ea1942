/**
 * Draws from a Poisson distribution by inverting its distribution function, exact to double precision. A guide (Chen
 * and Asau 1974) says where to begin the search, so a draw takes one or two comparisons. What lies beyond 12 standard
 * deviations is left out.
 *
 * @returns a function from a uniform number in [0, 1) to the draw
 */
export function poissonTable(mean: number): (uniform: number) => number {
  if (mean <= 0) return () => 0
  const reach = 12 * Math.sqrt(mean) + 20
  const first = Math.max(0, Math.floor(mean - reach))
  const last = Math.ceil(mean + reach)
  // The probabilities relative to that of the mode, then scaled to sum to one.
  const mode = Math.floor(mean)
  const cumulative = new Float64Array(last - first + 1)
  cumulative[mode - first] = 1
  for (let k = mode + 1; k <= last; k++) cumulative[k - first] = (cumulative[k - 1 - first]! * mean) / k
  for (let k = mode - 1; k >= first; k--) cumulative[k - first] = (cumulative[k + 1 - first]! * (k + 1)) / mean
  let sum = 0
  for (const weight of cumulative) sum += weight
  for (let i = 0, running = 0; i < cumulative.length; i++) cumulative[i] = running += cumulative[i]! / sum
  cumulative[cumulative.length - 1] = 1

  const size = cumulative.length
  const guide = new Uint16Array(size)
  for (let i = 0, k = 0; i < size; i++) {
    while (cumulative[k]! <= i / size) k++
    guide[i] = k
  }
  return (uniform) => {
    let k = guide[(uniform * size) | 0]!
    while (cumulative[k]! <= uniform) k++
    return first + k
  }
}
