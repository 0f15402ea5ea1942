/**
 * The corruptions of a report: their names, their groups, and which of them the means count. Source: Hendrycks and
 * Dietterich 2019 (arXiv 1903.12261), the benchmark of ImageNet-C and CIFAR-10-C with its extra corruptions. The
 * trainer makes the corrupted pictures. Every count is derived from this table.
 */
export const corruptionGroups = ['noise', 'blur', 'weather', 'digital'] as const
export type CorruptionGroup = (typeof corruptionGroups)[number]

interface CorruptionKind {
  group: CorruptionGroup
  /** Whether the means count this corruption. No mean counts the extra corruptions. */
  benchmark: boolean
}

export const corruptionKinds = {
  gaussian_noise: { group: 'noise', benchmark: true },
  shot_noise: { group: 'noise', benchmark: true },
  impulse_noise: { group: 'noise', benchmark: true },
  defocus_blur: { group: 'blur', benchmark: true },
  glass_blur: { group: 'blur', benchmark: true },
  motion_blur: { group: 'blur', benchmark: true },
  zoom_blur: { group: 'blur', benchmark: true },
  snow: { group: 'weather', benchmark: true },
  frost: { group: 'weather', benchmark: true },
  fog: { group: 'weather', benchmark: true },
  brightness: { group: 'weather', benchmark: true },
  contrast: { group: 'digital', benchmark: true },
  elastic_transform: { group: 'digital', benchmark: true },
  pixelate: { group: 'digital', benchmark: true },
  jpeg_compression: { group: 'digital', benchmark: true },
  speckle_noise: { group: 'noise', benchmark: false },
  gaussian_blur: { group: 'blur', benchmark: false },
  spatter: { group: 'weather', benchmark: false },
  saturate: { group: 'digital', benchmark: false },
} as const satisfies Record<string, CorruptionKind>

export type CorruptionName = keyof typeof corruptionKinds
export const corruptionNames = Object.keys(corruptionKinds) as CorruptionName[]

export type Severity = 1 | 2 | 3 | 4 | 5
export const severities: readonly Severity[] = [1, 2, 3, 4, 5]

/** How many corruptions the means count, and how many they do not. */
export const benchmarkCorruptions = corruptionNames.filter((name) => corruptionKinds[name].benchmark).length
export const extraCorruptions = corruptionNames.length - benchmarkCorruptions

/** Number of corrupted pictures that one test image gives: one for each corruption at each severity. */
export const corruptionCells = corruptionNames.length * severities.length
