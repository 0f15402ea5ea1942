import { meanCorruptionError, meanFlipRate, type ErrorCell, type SequenceFlips } from '@imclr/statistics'
import { type CorruptionBlock, type PerturbationBlock } from '@imclr/contract'

type GeneratedBlock = Omit<CorruptionBlock, 'reference' | 'cleanErrorOfSameImages'> & {
  cleanErrorOfSameImages: number | null
}

/** The named model of mCE and mFR, with what was measured of it. */
export interface Reference {
  modelId: string
  name: string
  /** `pictures` says which they were. */
  corruption: { pictures: string; cleanError: number | null; cells: readonly ErrorCell[] } | null
  perturbation: { pictures: string; rows: readonly SequenceFlips[] } | null
}

interface Measured {
  versionId: string
  corruption: GeneratedBlock | null
  perturbation: Omit<PerturbationBlock, 'reference'> | null
}

/** A model as a reference, by what was measured of it. */
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

/** mCE and relative mCE; the latter is null, every corruption left out, where clean images are wanting. Null: nothing to compare with. */
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

/** FR and mFR. Null: nothing to compare with. */
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
