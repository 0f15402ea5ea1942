import type { TrainingSpec } from './trainingSpec.js'

/** How many pictures make one input of the network: in a training step, and when a picture is tested or predicted. */
export function picturesPerInput({ mode, stacking: { images, testInput } }: Pick<TrainingSpec, 'mode' | 'stacking'>): {
  trained: number
  tested: number
} {
  const trained = mode === 'imclr' ? images : 1
  return { trained, tested: testInput === 'single' ? 1 : trained }
}
