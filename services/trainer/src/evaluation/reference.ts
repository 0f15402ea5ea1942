import { meanCorruptionError, meanFlipRate, type ErrorCell, type SequenceFlips } from '@imclr/statistics'
import { type CorruptionBlock, type PerturbationBlock } from '@imclr/contract'

type GeneratedBlock = Omit<CorruptionBlock, 'reference' | 'cleanErrorOfSameImages'> & {
  cleanErrorOfSameImages: number | null
}

/** The model that mCE and mFR compare with, and its measurements. */
export interface Reference {
  modelId: string
  name: string
  /** `pictures` identifies the pictures that the model was measured on. */
  corruption: { pictures: string; cleanError: number | null; cells: readonly ErrorCell[] } | null
  perturbation: { pictures: string; rows: readonly SequenceFlips[] } | null
}

interface Measured {
  versionId: string
  corruption: GeneratedBlock | null
  perturbation: Omit<PerturbationBlock, 'reference'> | null
}

/** Makes a reference from a model and its measurements. */
export function referenceOf(
  { modelId, name }: { modelId: string; name: string },
  { versionId, corruption, perturbation }: Measured,
): Reference {
  return {
    modelId,
    name,
    corruption: corruption && {
      pictures: corruptedPictures(versionId, corruption),
      cleanError: corruption.cleanErrorOfSameImages,
      cells: corruption.cells,
    },
    perturbation: perturbation && {
      pictures: perturbedPictures(versionId, perturbation),
      rows: perturbation.perturbations,
    },
  }
}

const corruptedPictures = (versionId: string, { table, seed, images, frost, stored }: GeneratedBlock) =>
  JSON.stringify([versionId, table, seed, images, frost, stored])
const perturbedPictures = (versionId: string, { table, seed, images }: Omit<PerturbationBlock, 'reference'>) =>
  JSON.stringify([versionId, table, seed, images])

/**
 * mCE and relative mCE against the reference. Without clean images, relative mCE is null and leaves out every
 * corruption. Returns null if there is nothing to compare with.
 */
export function corruptionAgainst(
  reference: Reference | undefined,
  versionId: string,
  block: GeneratedBlock,
): CorruptionBlock['reference'] {
  if (!reference?.corruption) return null
  const {
    modelId,
    name,
    corruption: { pictures, cleanError, cells },
  } = reference
  const samePictures = pictures === corruptedPictures(versionId, block)
  const own = block.cleanErrorOfSameImages
  const errors = meanCorruptionError(
    { cleanError: own ?? 0, cells: block.cells },
    { cleanError: cleanError ?? 0, cells },
  )
  if (own !== null && cleanError !== null) return { modelId, name, ...errors, samePictures }
  const perCorruption = errors.perCorruption.map((row) => ({ ...row, relativeCE: null }))
  return {
    modelId,
    name,
    ...errors,
    relativeMCE: null,
    perCorruption,
    leftOut: { ...errors.leftOut, relativeMCE: perCorruption.map(({ corruption }) => corruption) },
    samePictures,
  }
}

/** FR and mFR against the reference. Returns null if there is nothing to compare with. */
export function flipsAgainst(
  reference: Reference | undefined,
  versionId: string,
  block: Omit<PerturbationBlock, 'reference'>,
): PerturbationBlock['reference'] {
  if (!reference?.perturbation) return null
  const {
    modelId,
    name,
    perturbation: { pictures, rows },
  } = reference
  return {
    modelId,
    name,
    ...meanFlipRate(block.perturbations, rows),
    samePictures: pictures === perturbedPictures(versionId, block),
  }
}
