import {
  networkInput,
  networkLayer,
  networkLimits,
  normalisation as normalisationSchema,
  type Issue,
  type NetworkLayer,
  type Normalisation,
} from '@imclr/contract'
import { z } from 'zod'
import { firstRescaling, normalisationOf } from './firstRescaling.js'
import { flatten, maxDepth, modelClasses, type Entry, type Graph } from './flatten.js'
import { layerReaders } from './layerReaders.js'
import {
  type config,
  type functional,
  type layerEntry,
  longestName,
  modelTopology,
  type sequential,
  uses,
} from './topologySchema.js'

/** What a `model.json` says about layers. It cannot contain code. */
export interface Topology {
  layers: NetworkLayer[]
  /** The layer that the new last layer reads. */
  output: string
  /** The normalisation by the first layers, which were removed. Null where there are none. */
  normalisation: Normalisation | null
  /** Says what was removed. */
  notes: string[]
}

export class TopologyProblem extends Error {
  constructor(readonly issues: Issue[]) {
    super(issues.map(({ path, message }) => `${path}: ${message}`).join('; '))
  }
}

const problem = (path: string, message: string, fix: string): TopologyProblem =>
  new TopologyProblem([{ path, code: 'not_supported', message, fix }])

/**
 * Reads the topology of a `model.json` (`modelTopology`). Throws TopologyProblem with all layers that are not
 * supported.
 */
export function readTopology(json: unknown): Topology {
  const wrapped = z.object({ model_config: z.unknown(), keras_version: z.string().optional() }).safeParse(json)
  const parsed = modelTopology.safeParse(
    wrapped.success && wrapped.data.model_config !== undefined ? wrapped.data.model_config : json,
  )
  if (!parsed.success) {
    throw problem(
      'model.modelTopology',
      `It is not a layers model with one input and one output: ${parsed.error.issues[0]!.path.join('.')} ${parsed.error.issues[0]!.message}`.slice(
        0,
        500,
      ),
      'Save it by model.save() of TensorFlow.js, or convert a Keras model by tensorflowjs_converter --input_format=keras',
    )
  }
  const isKeras3 = wrapped.success && wrapped.data.keras_version?.startsWith('3.') === true
  const whole = flatten(graphOf(parsed.data), openInner)
  if (whole.entries.length > networkLimits.layers)
    throw problem(
      'model.modelTopology',
      `It has ${whole.entries.length} layers, those of models within it counted; ${networkLimits.layers} are the most`,
      'Send a smaller network',
    )
  assertRgbInput(firstShape(parsed.data))
  const {
    graph: { entries, input, output },
    normalisation,
    layers: rescaling,
  } = firstRescaling(whole)
  if (normalisation !== null && !normalisationSchema.safeParse(normalisation).success) {
    throw problem(
      `model.${rescaling.at(-1)}`,
      `It makes the normalisation { mean: [${normalisation.mean.join(', ')}], std: [${normalisation.std.join(', ')}] }`,
      'Means from -10000 to 10000 and deviations above 0, to 10000, can be had: save the model with another scale, for pixels from 0 to 255',
    )
  }
  refuseSameNames(entries)
  const needed = neededFor(features(entries, output), entries)
  const notes = rescaling.map((name) => `left out: ${name}, which became the normalisation`)
  if (whole.renamed.length > 0)
    notes.push(`called by their models too, since several have the name: ${whole.renamed.join(', ')}`.slice(0, 1000))
  if (entries.length - 1 > needed.length)
    notes.push(
      `left out: ${entries
        .filter((entry) => entry.name !== input && !needed.includes(entry))
        .map(({ name }) => name)
        .join(', ')}`.slice(0, 1000),
    )
  const issues: Issue[] = []
  const layers = needed.flatMap(({ className, name, inputs, config }) => {
    const refuse = (message: string, fix: string) => {
      issues.push({ path: `model.${name}`, code: 'not_supported', message, fix })
      return []
    }
    const reader = Object.hasOwn(layerReaders, className) ? layerReaders[className]! : undefined
    if (!reader)
      return refuse(
        `A layer of the class ${className} is not known here`,
        hintOf(className, config) ?? `Use ${Object.keys(layerReaders).join(', ')}`,
      )
    if (isKeras3 && config.activation === 'hard_sigmoid')
      return refuse(
        "Keras 3's hard_sigmoid is another function than that of TensorFlow.js",
        'Use sigmoid, or train the model with another activation',
      )
    const read = reader.safeParse(config)
    if (!read.success)
      return refuse(
        `${className}: ${read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`.slice(
          0,
          500,
        ),
        'Use another setting, or another layer',
      )
    const layer = networkLayer.safeParse({
      ...read.data,
      name,
      inputs: inputs.map((one) => (one === input ? networkInput : one)),
    })
    if (!layer.success)
      return refuse(
        layer.error.issues
          .map(({ path, message }) => `${path.join('.')} ${message}`)
          .join('; ')
          .slice(0, 500),
        'Use another setting, or another name',
      )
    return reserved.has(name) ? refuse(`The name ${name} is one of ours`, 'Give the layer another name') : [layer.data]
  })
  if (issues.length > 0) throw new TopologyProblem(issues.slice(0, 100))
  if (layers.length === 0)
    throw problem(
      'model.modelTopology',
      'Nothing is left of it without its last layer',
      'Send a network with at least one convolution',
    )
  return { ...pooled(layers), normalisation, notes }
}

/** Names that the finished model gives to layers of its own. */
const reserved = new Set([
  networkInput,
  'logits',
  'pixels',
  'normalise',
  'self_stack',
  'mirror',
  'mirror_rows',
  'mirror_back',
  'probabilities',
  'feature_pool',
])

const hints = new Map(
  Object.entries({
    Flatten:
      'Flatten ties a network to one size of images, and stacking changes it. Replace it by GlobalAveragePooling2D (the dense layers behind it must be trained anew), or cut the model before it',
    Reshape: 'Cut the model before it: a last layer is made for your classes anyway',
    Lambda: 'It holds code, which is not run here. Use standard layers',
    Rescaling:
      'It is read at the beginning alone, with a scale above zero. There, give { mean: -offset / scale, std: 1 / scale }, three numbers each, in normalisation; further in, put it into the layer before it (weights x scale, bias x scale + offset). Leave it out then',
    Normalization:
      'It is read at the beginning alone, with mean and variance in its settings. There, give { mean, std: sqrt(variance) }, three numbers each, in normalisation; further in, use BatchNormalization. Leave it out then',
    TFOpLambda:
      'It is a function, not a layer. Cut it out; where it is a preprocess_input of Keras, give what that does in normalisation: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } brings pixels to -1 .. 1',
    ...Object.fromEntries(
      [
        'RandomFlip',
        'RandomRotation',
        'RandomZoom',
        'RandomTranslation',
        'RandomContrast',
        'RandomBrightness',
        'RandomCrop',
      ].map((name) => [
        name,
        "It changes images in training alone, and augmentation is the training's here. Cut it out",
      ]),
    ),
    ...Object.fromEntries(
      ['Resizing', 'CenterCrop'].map((name) => [
        name,
        'Images get their size when a data set is prepared (imageSize). Cut it out',
      ]),
    ),
  }),
)

/** What to use in place of a layer; for Rescaling and Normalization with their numbers. */
function hintOf(className: string, config: Entry['config']): string | undefined {
  const said = normalisationOf(className, config)
  return hints
    .get(className)
    ?.replace(/\{ mean.*?\}, three numbers each,/, (general) =>
      said === null ? general : `{ mean: [${said.mean.join(', ')}], std: [${said.std.join(', ')}] }`,
    )
}

function graphOf(model: z.infer<typeof modelTopology>): Graph {
  const graph = model.class_name === 'Sequential' ? ofSequential(model) : ofFunctional(model)
  const long = graph.entries.find(({ name }) => name.length > longestName)
  if (long)
    throw problem(
      `model.${long.name.slice(0, 100)}`,
      `The name of a layer has ${long.name.length} characters; ${longestName} are the most`,
      'Give the layer a shorter name',
    )
  refuseSameNames(graph.entries)
  return graph
}

/** Names must differ within one model; models within each other may have the same names. */
function refuseSameNames(entries: readonly Entry[]): void {
  const seen = new Set<string>()
  for (const { name } of entries) {
    // The input of a chain has this name.
    if (seen.has(name) && name === networkInput)
      throw problem(`model.${name}`, `The name ${name} is one of ours`, 'Give the layer another name')
    if (seen.has(name))
      throw problem(
        `model.${name.slice(0, 100)}`,
        'Two layers have the same name',
        'Give every layer of a model a name of its own',
      )
    seen.add(name)
  }
}

/** Reads the layers of a model within the model. Throws TopologyProblem that says what would work. */
function openInner({ className, name, config, inputs }: Entry, depth: number): Graph {
  if (depth > maxDepth)
    throw problem(
      `model.${name}`,
      `More than ${maxDepth} models lie within each other`,
      'Put its layers into the model itself',
    )
  const inner = modelTopology.safeParse({ class_name: className, config })
  if (!inner.success || inputs.length !== 1)
    throw problem(
      `model.${name}`,
      'It is a model within the model that has not one input and one output',
      'Put its layers into the model itself',
    )
  return graphOf(inner.data)
}

/** The settings of the first layer, which say the shape of the pictures. */
function firstShape(model: z.infer<typeof modelTopology>): Entry['config'] {
  const { layers } = model.config
  const first =
    model.class_name === 'Sequential'
      ? layers[0]!
      : (layers.find(({ name, config }) => String(name ?? config.name) === model.config.input_layers[0]![0]) ??
        layers[0]!)
  if (!modelClasses.includes(first.class_name)) return first.config
  const inner = modelTopology.safeParse({ class_name: first.class_name, config: first.config })
  return inner.success ? firstShape(inner.data) : first.config
}

function ofSequential({ config: { layers: all } }: z.infer<typeof sequential>): Graph {
  const nameOf = (entry: z.infer<typeof layerEntry>, i: number) =>
    String(entry.config.name ?? entry.name ?? `layer_${i}`)
  const hasInput = all[0]!.class_name === 'InputLayer'
  const input = hasInput ? nameOf(all[0]!, 0) : networkInput
  const names = [...(hasInput ? [] : [input]), ...all.map(nameOf)]
  const entries = all.map((entry, i): Entry => ({
    className: entry.class_name,
    name: nameOf(entry, i),
    inputs: hasInput && i === 0 ? [] : [names[hasInput ? i - 1 : i]!],
    config: entry.config,
  }))
  return {
    entries: hasInput ? entries : [{ className: 'InputLayer', name: input, inputs: [], config: {} }, ...entries],
    input,
    output: names.at(-1)!,
  }
}

function ofFunctional({ config: { layers, input_layers, output_layers } }: z.infer<typeof functional>): Graph {
  const [input, output] = [input_layers[0]![0], output_layers[0]![0]]
  const entries = layers.map(({ class_name, config, name, inbound_nodes }): Entry => {
    const own = String(name ?? config.name)
    if (class_name === 'InputLayer') {
      if (own !== input)
        throw problem(`model.${own}`, 'It has more than one input', 'Send a model of one input, images')
      return { className: class_name, name: own, inputs: [], config }
    }
    const used = uses.safeParse(inbound_nodes)
    if (!used.success)
      throw problem(`model.${own.slice(0, 100)}`, 'It must be used exactly once', 'Give each use a layer of its own')
    return { className: class_name, name: own, inputs: used.data[0]!, config }
  })
  if (!entries.some(({ name }) => name === input))
    throw problem(
      'model.modelTopology',
      `Its input ${input.slice(0, 100)} is not among its layers`,
      'Save the model again',
    )
  return { entries, input, output }
}

/**
 * Throws TopologyProblem unless the input takes RGB images, of any size or of one. The layers decide whether other
 * sizes pass.
 */
function assertRgbInput({ batch_shape, batch_input_shape: shape = batch_shape }: z.infer<typeof config>): void {
  const image = z.tuple([z.null(), z.int().nullable(), z.int().nullable(), z.literal(3)]).safeParse(shape)
  if (!image.success)
    throw problem(
      'model.modelTopology',
      `Its input has the shape ${JSON.stringify(shape ?? null).slice(0, 100)}`,
      'It must take images, [null, height, width, 3]: channels last, RGB',
    )
}

/** The layer before the softmax, the dropout and the dense layer at the end that gives classes. */
function features(entries: readonly Entry[], output: string): string {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  let current = byName.get(output)
  const acts = (entry: Entry) => String(entry.config.activation ?? 'linear')
  const isEnd = ({ className, config }: Entry) =>
    className === 'Dropout' ||
    className === 'Softmax' ||
    (className === 'Activation' && ['softmax', 'sigmoid', 'linear'].includes(String(config.activation)))
  for (let steps = 0; current && isEnd(current) && steps < entries.length; steps++)
    current = byName.get(current.inputs[0] ?? '')
  if (current?.className === 'Dense' && ['softmax', 'sigmoid', 'linear'].includes(acts(current)))
    current = byName.get(current.inputs[0] ?? '')
  if (!current) throw problem('model.modelTopology', 'Its output does not come from its input', 'Save the model again')
  return current.name
}

/** The layers that the output depends on, each after its inputs. */
function neededFor(output: string, entries: readonly Entry[]): Entry[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const [placed, begun, order] = [new Set<string>(), new Set<string>(), [] as Entry[]]
  const open = [output] // a stack, not recursion: a chain may be as long as the limit
  while (open.length > 0) {
    const name = open.at(-1)!
    const entry = byName.get(name)
    if (!entry) throw problem('model.modelTopology', `There is no layer ${name.slice(0, 100)}`, 'Save the model again')
    const waiting = placed.has(name) ? [] : entry.inputs.filter((one) => !placed.has(one))
    if (waiting.length > 0) {
      if (begun.has(name))
        throw problem(`model.${name.slice(0, 100)}`, 'It takes what comes of itself', 'Save the model again')
      begun.add(name)
      open.push(...waiting)
      continue
    }
    open.pop()
    if (!placed.has(name) && entry.className !== 'InputLayer') order.push(entry)
    placed.add(name)
  }
  return order
}

/** Adds a global average pooling to a network that ends in images. */
function pooled(layers: NetworkLayer[]): Pick<Topology, 'layers' | 'output'> {
  const flat = new Map<string, boolean>([[networkInput, false]])
  for (const { kind, name, inputs } of layers)
    flat.set(
      name,
      kind === 'globalAveragePooling2d' ||
        kind === 'globalMaxPooling2d' ||
        (kind !== 'add' && kind !== 'concatenate' ? flat.get(inputs[0]!)! : inputs.every((one) => flat.get(one))),
    )
  const output = layers.at(-1)!.name
  if (flat.get(output)) return { layers, output }
  return {
    layers: [...layers, { kind: 'globalAveragePooling2d', name: 'feature_pool', inputs: [output] }],
    output: 'feature_pool',
  }
}
