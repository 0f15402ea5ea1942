import type { Stream } from '../../random/stream.js'
import type { Canvas } from './canvas.js'
import { argumentOf, onGray, operations, type OperationName } from './operations.js'

/** Cubuk et al. 2020, "RandAugment", section 3. */
export const randAugmentOperations: readonly OperationName[] = [
  'identity',
  'autocontrast',
  'equalize',
  'rotate',
  'solarize',
  'color',
  'posterize',
  'contrast',
  'brightness',
  'sharpness',
  'shearX',
  'shearY',
  'translateX',
  'translateY',
]

/** @param magnitude 10: the ends of AutoAugment's ranges. Larger ones go beyond, as far as an operation can */
export function randAugment(
  canvas: Canvas,
  random: Stream,
  { operations: count, magnitude }: { operations: number; magnitude: number },
): void {
  for (let i = 0; i < count; i++) {
    const name = randAugmentOperations[random.int(randAugmentOperations.length)]!
    const sign = random.bits() >= 0x8000_0000 ? 1 : -1
    operations[name](canvas, argumentOf(name, magnitude / 10, { sign, picture: canvas }), onGray)
  }
}
