import type { Sampling } from './affine.js'
import { autocontrast } from './autocontrast.js'
import type { Canvas } from './canvas.js'
import { brightness, color, contrast, sharpness } from './enhance.js'
import { equalize } from './equalize.js'
import { rotate, shearX, shearY, translateX, translateY } from './geometry.js'
import { invert, posterize, solarize } from './tones.js'

/** The argument in Pillow's terms: degrees, pixels, bits, a threshold, a factor; nothing for some. */
type Operation = (canvas: Canvas, argument: number, sampling: Sampling) => void

/** What AutoAugment, RandAugment and AugMix choose from. */
export const operations = {
  identity: () => {},
  shearX,
  shearY,
  translateX,
  translateY,
  rotate,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
  brightness,
  color,
  contrast,
  sharpness,
} satisfies Record<string, Operation>

export type OperationName = keyof typeof operations

/** What AutoAugment and RandAugment show outside of a picture, and how they take pixels. */
export const onGray: Sampling = { filter: 'nearest', fill: 128 }

/**
 * The argument that AutoAugment's ranges have for a strength from 0 to 1 (Cubuk et al. 2019, table 6).
 *
 * @param sign 1 or -1, for those that go both ways
 * @param picture translations are in shares of its sides
 */
export function argumentOf(
  name: OperationName,
  strength: number,
  { sign, picture }: { sign: number; picture: { height: number; width: number } },
): number {
  switch (name) {
    case 'shearX':
    case 'shearY':
      return sign * 0.3 * strength
    case 'translateX':
      return sign * (150 / 331) * picture.width * strength
    case 'translateY':
      return sign * (150 / 331) * picture.height * strength
    case 'rotate':
      return sign * 30 * strength
    case 'brightness':
    case 'color':
    case 'contrast':
    case 'sharpness':
      return Math.max(0, 1 + sign * 0.9 * strength)
    case 'posterize':
      return Math.max(1, 8 - Math.round(4 * strength))
    case 'solarize':
      return Math.max(0, 256 - 256 * strength)
    default:
      return 0
  }
}
