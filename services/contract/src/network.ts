import { z } from 'zod'
import { networkId } from './ids.js'

/**
 * The networks that can be trained, and what an API must know about them without loading an engine. `parameters` counts
 * the weights of convolutions, normalisation (scale, shift) and the last layer, for RGB input and 10 classes. The other
 * numbers describe one forward pass of one 32x32 image: `multiplyAdds`, `values` (the outputs of all layers, with the
 * image and the 10 logits) and `largestLayer` (the outputs of the largest layer). Tests compare the trainer's builders
 * with these numbers.
 */
export const networks = {
  resnet8: {
    title: 'ResNet-8',
    smallestSize: 8,
    parameters: 78_042,
    multiplyAdds: 12_500_000,
    values: 306_442,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 1',
  },
  resnet20: {
    title: 'ResNet-20',
    smallestSize: 8,
    parameters: 272_474,
    multiplyAdds: 40_800_000,
    values: 707_850,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 3',
  },
  resnet32: {
    title: 'ResNet-32',
    smallestSize: 8,
    parameters: 466_906,
    multiplyAdds: 69_100_000,
    values: 1_109_258,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 5',
  },
  resnet44: {
    title: 'ResNet-44',
    smallestSize: 8,
    parameters: 661_338,
    multiplyAdds: 97_400_000,
    values: 1_510_666,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 7',
  },
  resnet56: {
    title: 'ResNet-56',
    smallestSize: 8,
    parameters: 855_770,
    multiplyAdds: 125_700_000,
    values: 1_912_074,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 9',
  },
  resnet110: {
    title: 'ResNet-110',
    smallestSize: 8,
    parameters: 1_730_714,
    multiplyAdds: 253_000_000,
    values: 3_718_410,
    largestLayer: 18_496,
    source: 'He et al. 2015, CIFAR form, n = 18',
  },
  resnet18: {
    title: 'ResNet-18',
    smallestSize: 8,
    parameters: 11_173_962,
    multiplyAdds: 555_400_000,
    values: 2_176_266,
    largestLayer: 73_984,
    source: 'He et al. 2015, with the 3x3 stem for small images',
  },
  'wrn28-2': {
    title: 'WRN-28-2',
    smallestSize: 8,
    parameters: 1_467_610,
    multiplyAdds: 214_000_000,
    values: 1_773_066,
    largestLayer: 36_992,
    source: 'Zagoruyko and Komodakis 2016; Oliver et al. 2018',
  },
  'wrn40-2': {
    title: 'WRN-40-2',
    smallestSize: 8,
    parameters: 2_243_546,
    multiplyAdds: 327_000_000,
    values: 2_575_882,
    largestLayer: 36_992,
    source: 'Zagoruyko and Komodakis 2016',
  },
  'wrn16-8': {
    title: 'WRN-16-8',
    smallestSize: 8,
    parameters: 10_961_370,
    multiplyAdds: 1_550_000_000,
    values: 3_724_298,
    largestLayer: 147_968,
    source: 'Zagoruyko and Komodakis 2016',
  },
  'wrn28-10': {
    title: 'WRN-28-10',
    smallestSize: 8,
    parameters: 36_479_194,
    multiplyAdds: 5_245_000_000,
    values: 8_656_394,
    largestLayer: 184_960,
    source: 'Zagoruyko and Komodakis 2016',
  },
  'conv-large': {
    title: 'Conv-Large',
    smallestSize: 12,
    parameters: 3_121_802,
    multiplyAdds: 731_000_000,
    values: 1_967_754,
    largestLayer: 131_072,
    source: 'Laine and Aila 2017, with batch normalisation',
  },
  'vgg16-bn': {
    title: 'VGG16-BN',
    smallestSize: 32,
    parameters: 14_724_042,
    multiplyAdds: 313_000_000,
    values: 864_266,
    largestLayer: 65_536,
    source: 'Simonyan and Zisserman 2015, form for small images',
  },
} as const satisfies Record<
  string,
  {
    title: string
    smallestSize: number
    parameters: number
    multiplyAdds: number
    values: number
    largestLayer: number
    source: string
  }
>

export type NetworkName = keyof typeof networks
export const networkNames = Object.keys(networks) as [NetworkName, ...NetworkName[]]

/** The network of a training: one of the above, or one that a user has uploaded. */
export const networkRef = z.union([z.enum(networkNames), networkId])
export type NetworkRef = z.infer<typeof networkRef>
export const isUploaded = (id: string): boolean => id.startsWith('net_')

/** Whether an entry of `fineTune.freeze` matches a layer. An entry is a name, or the beginning of a name and a star. */
export const matchesLayer = (pattern: string, layer: string): boolean =>
  pattern.endsWith('*') ? layer.startsWith(pattern.slice(0, -1)) : layer === pattern
