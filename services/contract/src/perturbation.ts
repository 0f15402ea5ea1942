/**
 * The perturbations of a report: their names, and which of them the means count. A perturbation makes a sequence of
 * pictures that change little by little. Source: Hendrycks and Dietterich 2019 (arXiv 1903.12261), ImageNet-P and
 * CIFAR-10-P.
 */
interface PerturbationKind {
  /** Whether the means count this perturbation. No mean counts the extra perturbations. */
  benchmark: boolean
}

export const perturbationKinds = {
  gaussian_noise: { benchmark: true },
  shot_noise: { benchmark: true },
  motion_blur: { benchmark: true },
  zoom_blur: { benchmark: true },
  snow: { benchmark: true },
  brightness: { benchmark: true },
  translate: { benchmark: true },
  rotate: { benchmark: true },
  tilt: { benchmark: true },
  scale: { benchmark: true },
  speckle_noise: { benchmark: false },
  gaussian_blur: { benchmark: false },
  spatter: { benchmark: false },
  shear: { benchmark: false },
} as const satisfies Record<string, PerturbationKind>

export type PerturbationName = keyof typeof perturbationKinds
export const perturbationNames = Object.keys(perturbationKinds) as PerturbationName[]

/** How many perturbations the means count, and how many they do not. */
export const benchmarkPerturbations = perturbationNames.filter((name) => perturbationKinds[name].benchmark).length
export const extraPerturbations = perturbationNames.length - benchmarkPerturbations
