import { drawBeta, drawDirichlet } from '../../random/gamma.js'
import type { Stream } from '../../random/stream.js'
import type { Sampling } from './affine.js'
import type { Canvas } from './canvas.js'
import { operations, type OperationName } from './operations.js'

export interface AugMix {
  /** Levels are uniform in 0.1 .. severity, of 10. */
  severity: number
  /** Chains that are mixed. */
  width: number
  /** Operations of a chain; null: 1 to 3. */
  depth: number | null
  /** Of the weights' distributions. */
  alpha: number
  operations: 'standard' | 'all'
}

const standard: readonly OperationName[] = [
  'autocontrast',
  'equalize',
  'posterize',
  'rotate',
  'solarize',
  'shearX',
  'shearY',
  'translateX',
  'translateY',
]
const all: readonly OperationName[] = [...standard, 'color', 'contrast', 'brightness', 'sharpness']

const onBlack: Sampling = { filter: 'bilinear', fill: 0 }

/** AugMix's own ranges: a level of 10 turns by 30 degrees, moves by a third of a side, and so on. */
export function augMixArgument(
  name: OperationName,
  level: number,
  { sign, picture }: { sign: number; picture: { height: number; width: number } },
): number {
  switch (name) {
    case 'posterize':
      return 4 - Math.trunc((level * 4) / 10)
    case 'rotate':
      return sign * Math.trunc((level * 30) / 10)
    case 'solarize':
      return 256 - Math.trunc((level * 256) / 10)
    case 'shearX':
    case 'shearY':
      return (sign * level * 0.3) / 10
    case 'translateX':
      return sign * Math.trunc((level * picture.width) / 3 / 10)
    case 'translateY':
      return sign * Math.trunc((level * picture.height) / 3 / 10)
    case 'color':
    case 'contrast':
    case 'brightness':
    case 'sharpness':
      return (level * 1.8) / 10 + 0.1
    default:
      return 0
  }
}

/**
 * (1 - m) x + m sum_i w_i chain_i(x), with w from a Dirichlet and m from a Beta distribution (Hendrycks et al. 2020,
 * algorithm 1); mixed in single precision and rounded to bytes.
 */
export function augMix(
  picture: { height: number; width: number },
  { severity, width, depth, alpha, operations: which }: AugMix,
): (canvas: Canvas, random: Stream) => void {
  const choice = which === 'all' ? all : standard
  const weights = new Float64Array(width)
  const source = new Uint8Array(picture.height * picture.width * 3)
  const sum = new Float32Array(source.length)
  return (canvas, random) => {
    source.set(canvas.pixels)
    drawDirichlet(random, alpha, weights)
    const share = drawBeta(random, alpha)
    for (let i = 0; i < sum.length; i++) sum[i] = (1 - share) * source[i]!
    for (const weight of weights) {
      canvas.pixels.set(source)
      for (let left = depth ?? 1 + random.int(3); left > 0; left--) {
        const name = choice[random.int(choice.length)]!
        const level = 0.1 + random.uniform() * (severity - 0.1)
        const sign = random.bits() >= 0x8000_0000 ? 1 : -1
        operations[name](canvas, augMixArgument(name, level, { sign, picture }), onBlack)
      }
      const { pixels } = canvas
      const part = share * weight
      for (let i = 0; i < sum.length; i++) sum[i]! += part * pixels[i]!
    }
    const { pixels } = canvas
    for (let i = 0; i < sum.length; i++) pixels[i] = sum[i]! + 0.5
  }
}
