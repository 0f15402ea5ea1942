import { logGamma } from './gamma.js'

/**
 * The regularised incomplete beta function I_x(a, b) for 0 <= x <= 1 and a, b > 0. The code uses its continued fraction
 * (modified Lentz), on the side where it converges fast.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const scale = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let fraction = d
  for (let m = 1; m < 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    let change = 1
    for (const term of [even, odd]) {
      d = 1 / (1 + term * d || tiny)
      c = 1 + term / c || tiny
      change = c * d
      fraction *= change
    }
    if (Math.abs(change - 1) < 1e-16) break
  }
  return scale * fraction
}

/** P(|T| >= |t|) for Student's t with `df` degrees of freedom. */
export function studentTwoSided(t: number, df: number): number {
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(df / (df + t * t), df / 2, 0.5)
}

/**
 * The t that |T| exceeds with probability `outside`. With 0.05 it is half the width of a 95 % interval, in standard
 * errors.
 */
export function studentQuantile(outside: number, df: number): number {
  if (!(outside > 0 && outside < 1) || !(df > 0))
    throw new RangeError(`studentQuantile needs 0 < outside < 1 and df > 0, got ${outside} and ${df}`)
  let low = 0
  let high = 1
  while (studentTwoSided(high, df) > outside) high *= 2
  // Halves the range until its ends are neighbouring numbers, or almost.
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, df) > outside) low = middle
    else high = middle
  }
  return (low + high) / 2
}
