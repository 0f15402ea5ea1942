import { z } from 'zod'

/** The names of the presets. */
export const presetNames = [
  'tiny-imagenet',
  'cifar100',
  'cifar10',
  'stl10',
  'label-budget',
  'corruptions',
  'pi-model',
  'cutmix-cifar100',
  'cutmix-tiny-imagenet',
  'autoaugment',
] as const
export const presetName = z.enum(presetNames)
export type PresetName = z.infer<typeof presetName>
