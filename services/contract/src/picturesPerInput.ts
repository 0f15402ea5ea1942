import type { TrainingSpec } from './trainingSpec.js'

/** Pictures that make one input of the network: of a training step, and where a picture is tested or predicted. */
export function picturesPerInput({ mode, stacking: { images, testInput } }: Pick<TrainingSpec, 'mode' | 'stacking'>): {
  trained: number
  tested: number
} {
  const trained = mode === 'imclr' ? images : 1
  return { trained, tested: testInput === 'single' ? 1 : trained }
}
