/** The presets that can be run, by name. */
export const presetNames = ['tiny-imagenet', 'cifar100', 'cifar10', 'stl10', 'label-budget', 'corruptions'] as const
export type PresetName = (typeof presetNames)[number]
