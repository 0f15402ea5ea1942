import { z } from 'zod'

/** The presets that can be run, by name. */
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
