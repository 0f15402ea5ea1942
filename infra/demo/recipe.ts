import type { Dataset, TrainOptions } from '@imclr/sdk'

/**
 * What the demo trains. The recipe is made for the images that come along; other data get the same recipe over about as
 * many images.
 */
export function recipe({ counts, picture }: Dataset, isBundled: boolean): TrainOptions {
  const common: TrainOptions = {
    network: 'resnet8',
    learningRate: 0.1,
    schedule: { kind: 'cosine' },
    weightDecay: 5e-4,
    seed: 1,
  }
  if (isBundled) return { ...common, epochs: 150, batchSize: 64, augment: [{ op: 'crop', padding: 2 }, 'flip'] }
  // Passes of one image that take about as long as the bundled run
  const images = 150_000 * ((28 * 28) / (picture.height * picture.width))
  return {
    ...common,
    epochs: Math.max(3, Math.min(150, Math.round(images / counts.train))),
    batchSize: counts.train < 5000 ? 64 : 128,
  }
}
