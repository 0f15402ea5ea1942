/**
 * The supported layers by their class in `model.json`, each with the settings that it may have. Initialisers and
 * regularisers are not read: weights come with the file or are initialised here, and the training decides the weight
 * decay.
 */
import { layerActivation } from '@imclr/contract'
import { z } from 'zod'

/** Settings as TensorFlow.js writes them in JSON: in snake case, where null is the same as nothing. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish()
const only = <T extends z.core.util.Literal>(value: T) => optional(z.literal(value))
const camel = (text: string) => text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
// Keras 3 says silu where Keras 2 says swish.
const activation = z
  .string()
  .max(40)
  .nullish()
  .transform((name) => (name === 'silu' ? 'swish' : camel(name ?? 'linear')))
  .pipe(layerActivation)
const pair = z.union([z.int().transform((side): [number, number] => [side, side]), z.tuple([z.int(), z.int()])])
const one = z.union([z.literal(1), z.tuple([z.literal(1), z.literal(1)])])
const channelsLast = { data_format: optional(z.enum(['channels_last', 'channelsLast'])) }
const padding = z.enum(['same', 'valid']).default('valid')
const convolution = {
  ...channelsLast,
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding,
  use_bias: z.boolean().default(true),
  activation,
  dilation_rate: optional(one),
  groups: only(1),
  kernel_constraint: optional(z.never()),
  bias_constraint: optional(z.never()),
}
const pooling = z.object({ ...channelsLast, pool_size: pair.default([2, 2]), strides: optional(pair), padding })
const bordersOf = z.union([
  z.int(),
  z.tuple([z.union([z.int(), z.tuple([z.int(), z.int()])]), z.union([z.int(), z.tuple([z.int(), z.int()])])]),
])
const bothSides = (border: number | [number, number]) => (typeof border === 'number' ? [border, border] : border)

const pool = (kind: string) =>
  pooling.transform(({ pool_size: poolSize, strides, padding }) => ({
    kind,
    poolSize,
    strides: strides ?? poolSize,
    padding,
  }))
const globally = (kind: string) => z.object({ ...channelsLast, keepdims: only(false) }).transform(() => ({ kind }))
const acts = (kind: string) => z.object({ activation }).transform(({ activation }) => ({ kind, activation }))

export const layerReaders: Readonly<Record<string, z.ZodType<object>>> = {
  Conv2D: z
    .object({ ...convolution, filters: z.int() })
    .transform(({ filters, kernel_size: kernelSize, strides, padding, use_bias: useBias, activation }) => ({
      kind: 'conv2d',
      filters,
      kernelSize,
      strides,
      padding,
      useBias,
      activation,
    })),
  DepthwiseConv2D: z
    .object({ ...convolution, depth_multiplier: z.int().default(1), depthwise_constraint: optional(z.never()) })
    .transform(
      ({
        depth_multiplier: depthMultiplier,
        kernel_size: kernelSize,
        strides,
        padding,
        use_bias: useBias,
        activation,
      }) => ({ kind: 'depthwiseConv2d', depthMultiplier, kernelSize, strides, padding, useBias, activation }),
    ),
  Dense: z
    .object({
      units: z.int(),
      use_bias: z.boolean().default(true),
      activation,
      kernel_constraint: optional(z.never()),
      bias_constraint: optional(z.never()),
    })
    .transform(({ units, use_bias: useBias, activation }) => ({ kind: 'dense', units, useBias, activation })),
  BatchNormalization: z
    .object({
      axis: optional(z.union([z.literal(-1), z.literal(3), z.tuple([z.literal(3)]), z.tuple([z.literal(-1)])])),
      momentum: z.number().default(0.99),
      epsilon: z.number().default(1e-3),
      center: only(true),
      scale: only(true),
      renorm: only(false),
    })
    .transform(({ momentum, epsilon }) => ({ kind: 'batchNormalization', momentum, epsilon })),
  Activation: acts('activation'),
  ReLU: z
    .object({ max_value: optional(z.number()), negative_slope: only(0), threshold: only(0) })
    .transform(({ max_value: maxValue }) => ({ kind: 'reLU', ...(maxValue == null ? {} : { maxValue }) })),
  LeakyReLU: z
    .object({ alpha: optional(z.number()), negative_slope: optional(z.number()) })
    // Keras 3 has the second name
    .transform(({ alpha, negative_slope: slope }) => ({ kind: 'leakyReLU', alpha: alpha ?? slope ?? 0.3 })),
  Dropout: z
    .object({ rate: z.number(), noise_shape: optional(z.never()) })
    .transform(({ rate }) => ({ kind: 'dropout', rate })),
  ZeroPadding2D: z
    .object({ ...channelsLast, padding: bordersOf.default(1) })
    .transform(({ padding }) => ({
      kind: 'zeroPadding2d',
      padding: typeof padding === 'number' ? [bothSides(padding), bothSides(padding)] : padding.map(bothSides),
    })),
  MaxPooling2D: pool('maxPooling2d'),
  AveragePooling2D: pool('averagePooling2d'),
  GlobalAveragePooling2D: globally('globalAveragePooling2d'),
  GlobalMaxPooling2D: globally('globalMaxPooling2d'),
  Add: z.object({}).transform(() => ({ kind: 'add' })),
  Concatenate: z
    .object({ axis: optional(z.union([z.literal(-1), z.literal(3)])) })
    .transform(() => ({ kind: 'concatenate' })),
}
