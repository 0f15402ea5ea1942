/**
 * How the perturbations of the contract are made, with their parameters at three sizes. Sources: Hendrycks and
 * Dietterich 2019 (arXiv 1903.12261), with the values of CIFAR-10-P (32 pixels), Tiny-ImageNet-P (64) and ImageNet-P
 * (224). Of the noises, the weakest of the three published strengths. At 64 pixels motion blur has the values of 32:
 * the published set blurs before scaling down.
 */
import type { PerturbationName } from '@imclr/contract'
import type { ComparedWith } from '@imclr/statistics'
import type { CorruptionContext } from '../corruption/imageCorruption.js'
import { gaussianNoise, shotNoise, speckleNoise } from '../corruption/noise.js'
import type { TableName } from '../corruption/table.js'
import {
  blurred,
  brighter,
  dripping,
  moved,
  noisy,
  snowing,
  turningMotion,
  zooming,
  type PerturbImage,
} from './sequences.js'
import { rotated, scaled, sheared, shifted, tilted, type PlaneMap } from './warp.js'

export interface Perturbation {
  /** Numbers the perturbation's random streams; never changes. */
  number: number
  comparedWith: ComparedWith
  parameters: (table: TableName) => Record<string, number> & { frames: number }
  prepare: (table: TableName, context: CorruptionContext) => PerturbImage
}

interface Definition<Fields> {
  number: number
  comparedWith?: 'first'
  tables: Record<TableName, Fields>
  prepare: (parameters: Fields, context: CorruptionContext, table: TableName) => PerturbImage
}

function define<Fields extends { frames: number }>({
  number,
  comparedWith,
  tables,
  prepare,
}: Definition<Fields>): Perturbation {
  return {
    number,
    comparedWith: comparedWith ?? 'previous',
    parameters: (table) => tables[table],
    prepare: (table, context) => prepare(tables[table], context, table),
  }
}

const everywhere = <Fields>(fields: Fields): Record<TableName, Fields> => ({ 32: fields, 64: fields, 224: fields })

/** A map whose one parameter grows from frame to frame. */
const moving =
  (map: (parameter: number, context: CorruptionContext) => PlaneMap) =>
  ({ frames, from, step }: { frames: number; from: number; step: number }, context: CorruptionContext) =>
    moved(
      Array.from({ length: frames }, (_, i) => map(from + i * step, context)),
      context,
    )

/** How each perturbation of the contract is made. */
export const perturbations: Record<PerturbationName, Perturbation> = {
  gaussian_noise: define({
    number: 1,
    comparedWith: 'first',
    prepare: ({ frames, scale }) => noisy(gaussianNoise({ scale }), frames),
    tables: { 32: { frames: 31, scale: 0.02 }, 64: { frames: 31, scale: 0.025 }, 224: { frames: 31, scale: 0.03 } },
  }),
  shot_noise: define({
    number: 2,
    comparedWith: 'first',
    prepare: ({ frames, photons }) => noisy(shotNoise({ photons }), frames),
    tables: { 32: { frames: 31, photons: 700 }, 64: { frames: 31, photons: 500 }, 224: { frames: 31, photons: 300 } },
  }),
  motion_blur: define({
    number: 3,
    prepare: turningMotion,
    tables: {
      32: { frames: 21, from: -180, step: 9, radius: 6, sigma: 1.8 },
      64: { frames: 31, from: -150, step: 5, radius: 6, sigma: 1.8 },
      224: { frames: 31, from: -120, step: 4, radius: 10, sigma: 3 },
    },
  }),
  zoom_blur: define({ number: 4, prepare: zooming, tables: everywhere({ frames: 31, step: 0.004 }) }),
  snow: define({
    number: 5,
    prepare: snowing,
    tables: {
      32: {
        frames: 31,
        from: -150,
        step: 4,
        mean: 0.05,
        deviation: 0.3,
        zoom: 2,
        threshold: 0.5,
        radius: 10,
        sigma: 2,
        keep: 0.85,
      },
      64: {
        frames: 31,
        from: -150,
        step: 4,
        mean: 0.05,
        deviation: 0.28,
        zoom: 2,
        threshold: 0.5,
        radius: 10,
        sigma: 2.5,
        keep: 0.85,
      },
      224: {
        frames: 31,
        from: -150,
        step: 4,
        mean: 0.05,
        deviation: 0.3,
        zoom: 3,
        threshold: 0.5,
        radius: 14,
        sigma: 4,
        keep: 0.85,
      },
    },
  }),
  brightness: define({
    number: 6,
    prepare: brighter,
    tables: {
      32: { frames: 31, from: -0.225, step: 0.015 },
      64: { frames: 31, from: -0.3, step: 0.02 },
      224: { frames: 31, from: -0.3, step: 0.02 },
    },
  }),
  translate: define({
    number: 7,
    prepare: moving(shifted), // pixels
    tables: {
      32: { frames: 16, from: -7, step: 1 },
      64: { frames: 31, from: -15, step: 1 },
      224: { frames: 41, from: -20, step: 1 },
    },
  }),
  // Degrees
  rotate: define({ number: 8, prepare: moving(rotated), tables: everywhere({ frames: 31, from: -15, step: 1 }) }),
  tilt: define({
    number: 9,
    prepare: moving(tilted), // degrees
    tables: {
      32: { frames: 31, from: -11.25, step: 0.75 },
      64: { frames: 31, from: -15, step: 1 },
      224: { frames: 31, from: -15, step: 1 },
    },
  }),
  scale: define({
    number: 10,
    prepare: moving(scaled),
    tables: {
      32: { frames: 31, from: 0.7, step: 0.02 },
      64: { frames: 31, from: 0.4, step: 0.025 },
      224: { frames: 31, from: 0.4, step: 0.025 },
    },
  }),
  speckle_noise: define({
    number: 11,
    comparedWith: 'first',
    prepare: ({ frames, scale }) => noisy(speckleNoise({ scale }), frames),
    tables: everywhere({ frames: 31, scale: 0.05 }),
  }),
  gaussian_blur: define({
    number: 12,
    prepare: blurred,
    tables: {
      32: { frames: 31, from: 0.3, step: 0.015, truncate: 7 },
      64: { frames: 31, from: 0.35, step: 0.014, truncate: 7 },
      224: { frames: 31, from: 0.25, step: 0.035, truncate: 6 },
    },
  }),
  spatter: define({
    number: 13,
    prepare: (parameters, context, table) =>
      dripping(parameters, table === '224' ? [0.05, 0.1, 0.15, 0.7] : [0.2, 0.8], context),
    tables: {
      32: { frames: 31, mean: 0.6, deviation: 0.265, blur: 1.75, threshold: 0.7, intensity: 0.6 },
      64: { frames: 31, mean: 0.6, deviation: 0.25, blur: 1.75, threshold: 0.7, intensity: 0.6 },
      224: { frames: 31, mean: 0.65, deviation: 0.27, blur: 3.7, threshold: 0.69, intensity: 0.6 },
    },
  }),
  // Degrees
  shear: define({ number: 14, prepare: moving(sheared), tables: everywhere({ frames: 31, from: -15, step: 1 }) }),
}
