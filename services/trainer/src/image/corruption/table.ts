/**
 * How the corruptions of the contract are made, with the parameters of their severities at three sizes. Sources:
 * Hendrycks and Dietterich 2019 (arXiv 1903.12261): CIFAR-10-C (32 pixels), Tiny-ImageNet-C (64), and for 224 the
 * values of the package `imagecorruptions` 1.1.2 (Michaelis et al. 2019), whose formulae the code follows.
 */
import type { CorruptionName, Severity } from '@imclr/contract'
import { brightness, contrast, saturate } from './colour.js'
import { defocusBlur } from './defocusBlur.js'
import { elasticTransform } from './elasticTransform.js'
import { fog } from './fog.js'
import { frost } from './frost.js'
import { gaussianBlurCorruption } from './gaussianBlur.js'
import { glassBlur } from './glassBlur.js'
import type { CorruptionContext, CorruptImage } from './imageCorruption.js'
import { motionBlur } from './motionBlur.js'
import { gaussianNoise, impulseNoise, shotNoise, speckleNoise } from './noise.js'
import { pixelate } from './pixelate.js'
import { snow } from './snow.js'
import { spatter } from './spatter.js'
import { zoomBlur } from './zoomBlur.js'

export type TableName = '32' | '64' | '224'

/** The table whose parameters fit images of this size: by the shorter side, up to 48, up to 128, above. */
export function tableFor(height: number, width: number): TableName {
  const side = Math.min(height, width)
  return side <= 48 ? '32' : side <= 128 ? '64' : '224'
}

export interface Corruption {
  /** Numbers the corruption's random streams; never changes. */
  number: number
  parameters: (table: TableName, severity: Severity) => Record<string, number>
  /** null: the caller's codec does it. */
  prepare: ((parameters: Record<string, number>, context: CorruptionContext) => CorruptImage) | null
}

interface Definition<Field extends string> {
  number: number
  fields: readonly Field[]
  /** One row per severity. A field with one name may be given as plain numbers. */
  tables: Record<TableName, readonly (number | readonly number[])[]>
  prepare: ((parameters: Record<Field, number>, context: CorruptionContext) => CorruptImage) | null
}

function define<Field extends string>({ number, fields, tables, prepare }: Definition<Field>): Corruption {
  return {
    number,
    parameters: (table, severity) => {
      const row = [tables[table][severity - 1]!].flat()
      return Object.fromEntries(fields.map((field, i) => [field, row[i]!]))
    },
    prepare: prepare,
  }
}

const zoomEnds32 = [
  [1.06, 0.01],
  [1.11, 0.01],
  [1.16, 0.01],
  [1.21, 0.01],
  [1.26, 0.01],
]

/** How each corruption of the contract is made. */
export const corruptions: Record<CorruptionName, Corruption> = {
  gaussian_noise: define({
    number: 1,
    fields: ['scale'],
    prepare: gaussianNoise,
    tables: {
      32: [0.04, 0.06, 0.08, 0.09, 0.1],
      64: [0.04, 0.08, 0.12, 0.15, 0.18],
      224: [0.08, 0.12, 0.18, 0.26, 0.38],
    },
  }),
  shot_noise: define({
    number: 2,
    fields: ['photons'],
    prepare: shotNoise,
    tables: { 32: [500, 250, 100, 75, 50], 64: [250, 100, 50, 30, 15], 224: [60, 25, 12, 5, 3] },
  }),
  impulse_noise: define({
    number: 3,
    fields: ['amount'],
    prepare: impulseNoise,
    tables: {
      32: [0.01, 0.02, 0.03, 0.05, 0.07],
      64: [0.01, 0.02, 0.05, 0.08, 0.14],
      224: [0.03, 0.06, 0.09, 0.17, 0.27],
    },
  }),
  defocus_blur: define({
    number: 4,
    fields: ['radius', 'alias'],
    prepare: defocusBlur,
    tables: {
      32: [
        [0.3, 0.4],
        [0.4, 0.5],
        [0.5, 0.6],
        [1, 0.2],
        [1.5, 0.1],
      ],
      64: [
        [0.5, 0.6],
        [1, 0.1],
        [1.5, 0.1],
        [2.5, 0.01],
        [3, 0.1],
      ],
      224: [
        [3, 0.1],
        [4, 0.5],
        [6, 0.5],
        [8, 0.5],
        [10, 0.5],
      ],
    },
  }),
  glass_blur: define({
    number: 5,
    fields: ['sigma', 'reach', 'passes'],
    prepare: glassBlur,
    tables: {
      32: [
        [0.05, 1, 1],
        [0.25, 1, 1],
        [0.4, 1, 1],
        [0.25, 1, 2],
        [0.4, 1, 2],
      ],
      64: [
        [0.1, 1, 1],
        [0.5, 1, 1],
        [0.6, 1, 2],
        [0.7, 2, 1],
        [0.9, 2, 2],
      ],
      224: [
        [0.7, 1, 2],
        [0.9, 2, 1],
        [1, 2, 3],
        [1.1, 3, 2],
        [1.5, 4, 2],
      ],
    },
  }),
  motion_blur: define({
    number: 6,
    fields: ['radius', 'sigma'],
    prepare: motionBlur,
    tables: {
      32: [
        [6, 1],
        [6, 1.5],
        [6, 2],
        [8, 2],
        [9, 2.5],
      ],
      64: [
        [10, 1],
        [10, 1.5],
        [10, 2],
        [10, 2.5],
        [12, 3],
      ],
      224: [
        [10, 3],
        [15, 5],
        [15, 8],
        [15, 12],
        [20, 15],
      ],
    },
  }),
  zoom_blur: define({
    number: 7,
    fields: ['end', 'step'],
    prepare: zoomBlur,
    tables: {
      32: zoomEnds32,
      64: zoomEnds32,
      224: [
        [1.11, 0.01],
        [1.16, 0.01],
        [1.21, 0.02],
        [1.26, 0.02],
        [1.31, 0.03],
      ],
    },
  }),
  snow: define({
    number: 8,
    fields: ['mean', 'deviation', 'zoom', 'threshold', 'radius', 'sigma', 'keep'],
    prepare: snow,
    tables: {
      32: [
        [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
        [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
        [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
        [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
        [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
      ],
      64: [
        [0.1, 0.2, 1, 0.6, 8, 3, 0.8],
        [0.1, 0.2, 1, 0.5, 10, 4, 0.8],
        [0.15, 0.3, 1.75, 0.55, 10, 4, 0.7],
        [0.25, 0.3, 2.25, 0.6, 12, 6, 0.65],
        [0.3, 0.3, 1.25, 0.65, 14, 12, 0.6],
      ],
      224: [
        [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
        [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
        [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
        [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
        [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
      ],
    },
  }),
  frost: define({
    number: 9,
    fields: ['keep', 'frost'],
    prepare: frost,
    tables: {
      32: [
        [1, 0.2],
        [1, 0.3],
        [0.9, 0.4],
        [0.85, 0.4],
        [0.75, 0.45],
      ],
      64: [
        [1, 0.3],
        [0.9, 0.4],
        [0.8, 0.45],
        [0.75, 0.5],
        [0.7, 0.55],
      ],
      224: [
        [1, 0.4],
        [0.8, 0.6],
        [0.7, 0.7],
        [0.65, 0.7],
        [0.6, 0.75],
      ],
    },
  }),
  fog: define({
    number: 10,
    fields: ['amount', 'decay'],
    prepare: fog,
    tables: {
      32: [
        [0.2, 3],
        [0.5, 3],
        [0.75, 2.5],
        [1, 2],
        [1.5, 1.75],
      ],
      64: [
        [0.4, 3],
        [0.7, 3],
        [1, 2.5],
        [1.5, 2],
        [2, 1.75],
      ],
      224: [
        [1.5, 2],
        [2, 2],
        [2.5, 1.7],
        [2.5, 1.5],
        [3, 1.4],
      ],
    },
  }),
  brightness: define({
    number: 11,
    fields: ['amount'],
    prepare: brightness,
    tables: { 32: [0.05, 0.1, 0.15, 0.2, 0.3], 64: [0.1, 0.2, 0.3, 0.4, 0.5], 224: [0.1, 0.2, 0.3, 0.4, 0.5] },
  }),
  contrast: define({
    number: 12,
    fields: ['factor'],
    prepare: contrast,
    tables: { 32: [0.75, 0.5, 0.4, 0.3, 0.15], 64: [0.4, 0.3, 0.2, 0.1, 0.05], 224: [0.4, 0.3, 0.2, 0.1, 0.05] },
  }),
  elastic_transform: define({
    number: 13,
    fields: ['alpha', 'sigma', 'affine'],
    prepare: elasticTransform,
    tables: {
      32: [
        [0, 0, 0.08],
        [0.05, 0.2, 0.07],
        [0.08, 0.06, 0.06],
        [0.1, 0.04, 0.05],
        [0.1, 0.03, 0.03],
      ],
      64: [
        [0, 0, 0.08],
        [0.05, 0.3, 0.06],
        [0.1, 0.08, 0.06],
        [0.1, 0.03, 0.03],
        [0.16, 0.03, 0.02],
      ],
      // 250 x (0.05 ...) times a field of +-0.005 of the side; no affine map.
      224: [
        [0.0625, 0.01, 0],
        [0.08125, 0.01, 0],
        [0.10625, 0.01, 0],
        [0.125, 0.01, 0],
        [0.15, 0.01, 0],
      ],
    },
  }),
  pixelate: define({
    number: 14,
    fields: ['share'],
    prepare: pixelate,
    tables: { 32: [0.95, 0.9, 0.85, 0.75, 0.65], 64: [0.9, 0.8, 0.7, 0.6, 0.5], 224: [0.6, 0.5, 0.4, 0.3, 0.25] },
  }),
  jpeg_compression: define({
    number: 15,
    fields: ['quality'],
    prepare: null,
    tables: { 32: [80, 65, 58, 50, 40], 64: [65, 58, 50, 40, 25], 224: [25, 18, 15, 10, 7] },
  }),
  speckle_noise: define({
    number: 16,
    fields: ['scale'],
    prepare: speckleNoise,
    tables: { 32: [0.06, 0.1, 0.12, 0.16, 0.2], 64: [0.15, 0.2, 0.25, 0.3, 0.35], 224: [0.15, 0.2, 0.35, 0.45, 0.6] },
  }),
  gaussian_blur: define({
    number: 17,
    fields: ['sigma'],
    prepare: gaussianBlurCorruption,
    tables: { 32: [0.4, 0.6, 0.7, 0.8, 1], 64: [0.5, 0.75, 1, 1.25, 1.5], 224: [1, 2, 3, 4, 6] },
  }),
  spatter: define({
    number: 18,
    fields: ['mean', 'deviation', 'blur', 'threshold', 'intensity', 'mud'],
    prepare: spatter,
    tables: {
      32: [
        [0.62, 0.1, 0.7, 0.7, 0.5, 0],
        [0.65, 0.1, 0.8, 0.7, 0.5, 0],
        [0.65, 0.3, 1, 0.69, 0.5, 0],
        [0.65, 0.1, 0.7, 0.69, 0.6, 1],
        [0.65, 0.1, 0.5, 0.68, 0.6, 1],
      ],
      64: [
        [0.62, 0.1, 0.7, 0.7, 0.6, 0],
        [0.65, 0.1, 0.8, 0.7, 0.6, 0],
        [0.65, 0.3, 1, 0.69, 0.6, 0],
        [0.65, 0.1, 0.7, 0.68, 0.6, 1],
        [0.65, 0.1, 0.5, 0.67, 0.6, 1],
      ],
      224: [
        [0.65, 0.3, 4, 0.69, 0.6, 0],
        [0.65, 0.3, 3, 0.68, 0.6, 0],
        [0.65, 0.3, 2, 0.68, 0.5, 0],
        [0.65, 0.3, 1, 0.65, 1.5, 1],
        [0.67, 0.4, 1, 0.65, 1.5, 1],
      ],
    },
  }),
  saturate: define({
    number: 19,
    fields: ['factor', 'shift'],
    prepare: saturate,
    tables: {
      32: [
        [0.3, 0],
        [0.1, 0],
        [1.5, 0],
        [2, 0.1],
        [2.5, 0.2],
      ],
      64: [
        [0.3, 0],
        [0.1, 0],
        [2, 0],
        [5, 0.1],
        [30, 0.2],
      ],
      224: [
        [0.3, 0],
        [0.1, 0],
        [2, 0],
        [5, 0.1],
        [20, 0.2],
      ],
    },
  }),
} as const satisfies Record<string, Corruption>
