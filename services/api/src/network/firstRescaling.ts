import type { Normalisation } from '@imclr/contract'
import { z } from 'zod'
import type { Entry, Graph } from './flatten.js'

const three = z.union([
  z.number().transform((value) => [value, value, value]),
  z.array(z.number()).length(3),
  z
    .array(z.number())
    .length(1)
    .transform(([value]) => [value!, value!, value!]),
])
const rescaling = z.object({ scale: three, offset: three.default([0, 0, 0]) })
const normalization = z.object({
  mean: three,
  variance: three,
  axis: z.union([z.literal(-1), z.literal(3), z.tuple([z.literal(-1)]), z.tuple([z.literal(3)])]).nullish(),
  invert: z.literal(false).nullish(),
})

/**
 * Removes the first layers that normalise pixels, where nothing else reads the input: Keras' Rescaling (pixel x scale +
 * offset), and Normalization whose settings hold its statistics. They become the network's `normalisation`, (pixel -
 * mean) / std.
 */
export function firstRescaling(graph: Graph): { graph: Graph; normalisation: Normalisation | null; layers: string[] } {
  let { entries } = graph
  let { output } = graph
  let [scale, offset] = [
    [1, 1, 1],
    [0, 0, 0],
  ]
  const layers: string[] = []
  for (;;) {
    const readers = entries.filter(({ inputs }) => inputs.includes(graph.input))
    const [first] = readers
    const read = readers.length === 1 && first!.inputs.length === 1 ? linear(first!) : null
    if (read === null) break
    offset = offset.map((value, c) => value * read.scale[c]! + read.offset[c]!)
    scale = scale.map((value, c) => value * read.scale[c]!)
    layers.push(first!.name)
    const { name } = first!
    entries = entries
      .filter((entry) => entry !== first)
      .map((entry) => ({ ...entry, inputs: entry.inputs.map((one) => (one === name ? graph.input : one)) }))
    if (output === name) output = graph.input
  }
  if (layers.length === 0 || scale.some((value) => !(value > 0))) return { graph, normalisation: null, layers: [] }
  return { graph: { ...graph, entries, output }, normalisation: toNormalisation({ scale, offset }), layers }
}

/**
 * What a Rescaling or Normalization layer does to pixels, as a `normalisation`. Null where the layer is neither, or its
 * settings cannot be read.
 */
export function normalisationOf(className: string, config: Record<string, unknown>): Normalisation | null {
  const read = linear({ className, config })
  return read?.scale.every((value) => value > 0) ? toNormalisation(read) : null
}

function toNormalisation({ scale, offset }: { scale: readonly number[]; offset: readonly number[] }): Normalisation {
  const tuple = (values: readonly number[]): [number, number, number] => [
    rounded(values[0]!),
    rounded(values[1]!),
    rounded(values[2]!),
  ]
  return { mean: tuple(scale.map((value, c) => -offset[c]! / value)), std: tuple(scale.map((value) => 1 / value)) }
}

function linear({
  className,
  config,
}: Pick<Entry, 'className' | 'config'>): { scale: number[]; offset: number[] } | null {
  if (className === 'Rescaling') return rescaling.safeParse(config).data ?? null
  const read = className === 'Normalization' ? normalization.safeParse(config).data : undefined
  if (read === undefined) return null
  // Keras divides by no less than its epsilon.
  const scale = read.variance.map((value) => 1 / Math.max(Math.sqrt(value), 1e-7))
  return { scale, offset: read.mean.map((value, c) => -value * scale[c]!) }
}

/** Rounds so that 1 / (1 / 127.5) is 127.5, and turns -0 into 0. */
const rounded = (value: number): number => Number(value.toPrecision(12)) + 0
