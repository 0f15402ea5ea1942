import { autoaugment } from './autoaugment.js'
import { cifar10 } from './cifar10.js'
import { cifar100 } from './cifar100.js'
import { corruptions } from './corruptions.js'
import { cutmixCifar100 } from './cutmixCifar100.js'
import { cutmixTinyImagenet } from './cutmixTinyImagenet.js'
import { labelBudget } from './labelBudget.js'
import { piModel } from './piModel.js'
import type { PresetName } from '@imclr/contract'
import type { Preset } from './preset.js'
import { stl10 } from './stl10.js'
import { tinyImagenet } from './tinyImagenet.js'

export const presets: Record<PresetName, Preset> = {
  'tiny-imagenet': tinyImagenet,
  cifar100,
  cifar10,
  stl10,
  'label-budget': labelBudget,
  corruptions,
  'pi-model': piModel,
  'cutmix-cifar100': cutmixCifar100,
  'cutmix-tiny-imagenet': cutmixTinyImagenet,
  autoaugment,
}
