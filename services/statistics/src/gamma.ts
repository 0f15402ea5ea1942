/** Coefficients of Lanczos's approximation with g = 7 and 9 terms. It gives about 15 digits for x > 0. */
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]

/** The natural logarithm of the gamma function for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  let sum = lanczos[0]!
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (x - 1 + i)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/**
 * P(X >= x) for a chi-squared variable with one degree of freedom: the upper incomplete gamma function at (1/2, x/2).
 * The code uses its series below 1.5 and its continued fraction (Lentz) above.
 */
export function chiSquaredTail(x: number): number {
  if (!(x > 0)) return 1
  const half = x / 2
  const scale = Math.exp(-half + 0.5 * Math.log(half) - logGamma(0.5))
  if (half < 1.5) {
    let term = 2
    let sum = 2
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= half / (0.5 + n)
      sum += term
    }
    return 1 - scale * sum
  }
  const tiny = 1e-300
  let b = half + 0.5
  let c = 1 / tiny
  let d = 1 / b
  let fraction = d
  for (let i = 1; i < 1000; i++) {
    const a = -i * (i - 0.5)
    b += 2
    d = 1 / (a * d + b || tiny)
    c = b + a / c || tiny
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return scale * fraction
}
