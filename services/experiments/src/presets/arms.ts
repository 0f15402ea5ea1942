/** The arms that several claims share. Two arms differ only in what their names say. */
import type { TrainingSpecInput } from '@imclr/contract'
import type { PresetArm } from './preset.js'

export const baselineArm = {
  name: 'baseline',
  title: 'Baseline',
  spec: { mode: 'baseline' },
} as const satisfies PresetArm
export const imclrArm = { name: 'imclr', title: 'ImCLR', spec: { mode: 'imclr' } } as const satisfies PresetArm

/**
 * The settings of the authors for CIFAR (Yun et al. 2019): half of the mini-batches are mixed, with shares from
 * Beta(1, 1). Each image is mixed before it is stacked.
 */
const cutmix = { mix: { op: 'cutmix', alpha: 1, probability: 0.5 } } as const
export const cutmixArm = {
  name: 'cutmix',
  title: 'CutMix',
  spec: { mode: 'baseline', ...cutmix },
} as const satisfies PresetArm
export const imclrCutmixArm = {
  name: 'imclr-cutmix',
  title: 'ImCLR with CutMix',
  spec: { mode: 'imclr', ...cutmix },
} as const satisfies PresetArm

/** The usual order: crop, flip, policy, Cutout. */
const policy = { augment: ['crop', 'flip', 'autoaugment', 'cutout'] } as const satisfies TrainingSpecInput
export const autoaugmentArm = {
  name: 'autoaugment',
  title: 'AutoAugment',
  spec: { mode: 'baseline', ...policy },
} as const satisfies PresetArm
export const imclrAutoaugmentArm = {
  name: 'imclr-autoaugment',
  title: 'ImCLR with AutoAugment',
  spec: { mode: 'imclr', ...policy },
} as const satisfies PresetArm
