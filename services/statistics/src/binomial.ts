import { logGamma } from './gamma.js'

/**
 * Draws from Binomial(n, p) by inverting its distribution function. The function is tabulated once, within 12 standard
 * deviations of the mean; the rest has probability below 1e-30. Returns a function from a uniform number in [0, 1) to
 * the draw.
 */
export function binomialSampler(n: number, p: number): (uniform: number) => number {
  if (n === 0 || p <= 0) return () => 0
  if (p >= 1) return () => n
  const reach = 12 * Math.sqrt(n * p * (1 - p)) + 12
  const first = Math.max(0, Math.floor(n * p - reach))
  const last = Math.min(n, Math.ceil(n * p + reach))
  const cumulative = new Float64Array(last - first + 1)
  let sum = 0
  for (let k = first; k <= last; k++) {
    sum += Math.exp(
      logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p),
    )
    cumulative[k - first] = sum
  }
  return (uniform) => {
    const target = uniform * sum
    let low = 0
    let high = cumulative.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! > target) high = middle
      else low = middle + 1
    }
    return first + low
  }
}
