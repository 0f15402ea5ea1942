import type { Stream } from './stream.js'

/** A draw from Gamma(shape, 1): Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
export function drawGamma(random: Stream, shape: number): number {
  // Below 1 by way of shape + 1, as they propose.
  if (shape < 1) return drawGamma(random, shape + 1) * (1 - random.uniform()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = random.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A draw from Beta(alpha, alpha); for alpha 1, the usual case, a uniform one. */
export function drawBeta(random: Stream, alpha: number): number {
  if (alpha === 1) return random.uniform()
  const [a, b] = [drawGamma(random, alpha), drawGamma(random, alpha)]
  // With a tiny alpha both draws can underflow to 0: then one of them takes the whole share.
  return a + b > 0 ? a / (a + b) : random.int(2)
}

/** A draw from the symmetric Dirichlet distribution into `out`, which then sums to one. */
export function drawDirichlet(random: Stream, alpha: number, out: Float64Array): void {
  let sum = 0
  for (let i = 0; i < out.length; i++) sum += out[i] = drawGamma(random, alpha)
  if (sum === 0) out[random.int(out.length)] = sum = 1
  for (let i = 0; i < out.length; i++) out[i]! /= sum
}
