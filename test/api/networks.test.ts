/**
 * Networks that users upload: what is taken, what is refused and why, and what a training of them is told before it
 * waits.
 */
import { createHash } from 'node:crypto'
import type { NetworkSummary, TrainJob, Upload, WireError } from '@imclr/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cut, makeModel, makeVersion, sendParts, smallExperiment, smallSpec } from './makeThings.js'
import { startTestApi, type CallOptions, type TestApi } from './testApi.js'

interface Layer {
  class_name: string
  config: Record<string, unknown>
}
const layer = (class_name: string, name: string, config: Record<string, unknown> = {}): Layer => ({
  class_name,
  config: { name, ...config },
})
const conv = (name: string, config: Record<string, unknown> = {}) =>
  layer('Conv2D', name, { filters: 4, kernel_size: [3, 3], padding: 'same', use_bias: false, ...config })
const pool = layer('GlobalAveragePooling2D', 'pool')
const dense = (name: string, config: Record<string, unknown> = {}) =>
  layer('Dense', name, { units: 3, activation: 'softmax', ...config })

/** A chain of layers behind an RGB input. */
const sequential = (layers: Layer[], shape: unknown = [null, 32, 32, 3]) => ({
  class_name: 'Sequential',
  config: { name: 'chain', layers: [layer('InputLayer', 'in', { batch_input_shape: shape }), ...layers] },
})
/** Layers by the names of those that they take. */
const functional = (layers: [Layer, ...string[]][], output: string) => ({
  class_name: 'Functional',
  config: {
    layers: [
      { ...layer('InputLayer', 'in', { batch_input_shape: [null, null, null, 3] }), name: 'in', inbound_nodes: [] },
      ...layers.map(([one, ...inputs]) => ({
        ...one,
        name: one.config.name,
        inbound_nodes: [inputs.map((name) => [name, 0, 0, {}])],
      })),
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [[output, 0, 0]],
  },
})

type Weights = Record<string, number[]>
const floats = (weights: Weights) =>
  Object.values(weights).reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 1), 0)
const modelOf = (modelTopology: unknown, weights: Weights) =>
  JSON.stringify({
    format: 'layers-model',
    modelTopology,
    weightsManifest: [
      {
        paths: ['a.bin'],
        weights: Object.entries(weights).map(([name, shape]) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  })

const plain = sequential([conv('conv'), pool, dense('classes')])
const plainWeights: Weights = { 'conv/kernel': [3, 3, 3, 4], 'classes/kernel': [4, 3], 'classes/bias': [3] }

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

interface ToCreate {
  model: string
  bytes: Uint8Array
  options?: CallOptions
  more?: Record<string, unknown>
}

async function inputOf({ model, bytes, options = {}, more = {} }: ToCreate): Promise<Record<string, unknown>> {
  const upload = await api.mutate<Upload>(
    'dataset.createUpload',
    { datasetName: 'a network', fileName: 'weights.bin', bytes: bytes.length },
    options,
  )
  const parts = cut(bytes, upload)
  await sendParts(api, upload.id, parts, options)
  return { uploadId: upload.id, parts: parts.map(({ part }) => part), name: 'a network', model, ...more }
}

const bytesOf = (weights: Weights, change: (values: Float32Array) => void = () => {}) => {
  const values = Float32Array.from({ length: floats(weights) }, (_, i) => Math.sin(i))
  change(values)
  return new Uint8Array(values.buffer)
}

const create = async (topology: unknown, weights: Weights, more: Record<string, unknown> = {}) =>
  api.mutate<NetworkSummary>(
    'network.create',
    await inputOf({ model: modelOf(topology, weights), bytes: bytesOf(weights), more }),
  )
const refusal = async (
  topology: unknown,
  weights: Weights = plainWeights,
  bytes = bytesOf(weights),
): Promise<WireError> =>
  api.refusal(
    'mutation',
    'network.create',
    await inputOf({ model: typeof topology === 'string' ? topology : modelOf(topology, weights), bytes }),
  )

describe('uploading a network', { timeout: 60_000 }, () => {
  it('answers with the numbers counted by hand, and gives the same content one id within a project and another id elsewhere', async () => {
    const licence = 'free'
    const network = await create(plain, plainWeights, { licence })
    // 27 x 4 on 32 x 32, then 4 values to 10 classes.
    expect(network).toMatchObject({
      name: 'a network',
      parameters: 27 * 4 + 4 * 10 + 10,
      multiplyAdds: 27 * 4 * 1024 + 40,
      smallestSize: 1,
      layers: ['conv'],
      notes: ['left out: classes'],
      normalisation: null,
      licence,
    })
    expect(network.weightsSha256).toBe(createHash('sha256').update(bytesOf(plainWeights)).digest('hex'))
    // Wrapped as Keras' converter does it, and renamed.
    expect(
      (await create({ keras_version: '2.15.0', model_config: plain }, plainWeights, { licence, name: 'renamed' })).id,
    ).toBe(network.id)
    const { secret } = await api.mutate<{ secret: string }>('project.create', { name: 'elsewhere' })
    const options = { key: secret }
    const theirs = await api.mutate<NetworkSummary>(
      'network.create',
      await inputOf({ model: modelOf(plain, plainWeights), bytes: bytesOf(plainWeights), options, more: { licence } }),
      options,
    )
    expect(theirs.id).not.toBe(network.id)
    expect(await api.refusal('query', 'network.get', { networkId: network.id }, options)).toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await api.refusal('mutation', 'network.delete', { networkId: network.id }, options)).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('takes Rescaling and Normalization layers at the beginning as the normalisation, and refuses another one beside them', async () => {
    const rescaled = (config: object, ...more: Layer[]) =>
      sequential([
        layer('Rescaling', 'rescale', config as Record<string, unknown>),
        ...more,
        conv('conv'),
        pool,
        dense('classes'),
      ])
    const mobilenet = await create(rescaled({ scale: 1 / 127.5, offset: -1 }), plainWeights, { licence: 'rescaled' })
    expect(mobilenet).toMatchObject({
      normalisation: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] },
      notes: ['left out: rescale, which became the normalisation', 'left out: classes'],
      layers: ['conv'],
    })
    // EfficientNet of Keras: pixels brought to 0..1, then the statistics of ImageNet.
    const statistics = layer('Normalization', 'statistics', {
      axis: [3],
      mean: [0.485, 0.456, 0.406],
      variance: [0.229 ** 2, 0.224 ** 2, 0.225 ** 2],
    })
    const efficientnet = await create(rescaled({ scale: 1 / 255, offset: 0 }, statistics), plainWeights, {
      licence: 'both',
    })
    efficientnet.normalisation!.mean.forEach((value, c) => expect(value).toBeCloseTo([123.675, 116.28, 103.53][c]!, 6))
    efficientnet.normalisation!.std.forEach((value, c) => expect(value).toBeCloseTo([58.395, 57.12, 57.375][c]!, 6))
    const given = (normalisation: object) =>
      inputOf({
        model: modelOf(rescaled({ scale: 1 / 255, offset: 0 }), plainWeights),
        bytes: bytesOf(plainWeights),
        more: { normalisation, licence: 'given' },
      })
    expect(
      await api.refusal('mutation', 'network.create', await given({ mean: [0, 0, 0], std: [1, 1, 1] })),
    ).toMatchObject({
      issues: [
        {
          path: 'normalisation',
          message: 'The first layers of the network make it { mean: [0, 0, 0], std: [255, 255, 255] }',
          fix: 'Leave normalisation out, or give just that',
        },
      ],
    })
    expect(
      await api.mutate<NetworkSummary>('network.create', await given({ mean: [0, 0, 0], std: [255, 255, 255] })),
    ).toMatchObject({ normalisation: { std: [255, 255, 255] } })
    const late = await refusal(
      sequential([conv('conv'), layer('Rescaling', 'late', { scale: 2 }), pool, dense('classes')]),
    )
    expect(late.issues).toMatchObject([
      {
        path: 'model.late',
        fix: expect.stringContaining(
          'give { mean: [0, 0, 0], std: [0.5, 0.5, 0.5] } in normalisation; further in, put it into the layer before it',
        ) as string,
      },
    ])
    // No number of a file is a failure of ours.
    for (const config of [
      { scale: 1e-9 },
      { scale: 1e-320 },
      { scale: 1, offset: 1e300 },
      { scale: 1e-5, offset: -1 },
    ]) {
      const { code, issues } = await refusal(rescaled(config))
      expect([config, code, issues[0]?.path]).toEqual([config, 'BAD_INPUT', 'model.rescale'])
    }
  })

  it('says what in models within models it cannot move into the model itself', async () => {
    const inner = (name: string, ...layers: Layer[]) => ({ class_name: 'Sequential', config: { name, layers } })
    const same = sequential([
      inner('first', conv('conv'), layer('ReLU', 'act')),
      inner('second', conv('conv'), layer('ReLU', 'act')),
      pool,
      dense('classes'),
    ])
    // TensorFlow.js writes both by the same name, and cannot read that either.
    const bare = await refusal(same, { 'conv/kernel': [3, 3, 3, 4], 'classes/kernel': [4, 3] })
    expect(bare.issues).toMatchObject([
      {
        path: 'model.first/conv',
        message: 'Layers of several models have the name conv, and the manifest does not say whose conv/kernel is',
        fix: expect.stringContaining('Give every layer a name of its own, in models within the model too') as string,
      },
    ])
    const network = await create(same, {
      'whole/first/conv/kernel': [3, 3, 3, 4],
      'whole/second/conv/kernel': [3, 3, 4, 4],
    })
    expect(network).toMatchObject({
      layers: ['first/conv', 'second/conv'],
      notes: [
        'called by their models too, since several have the name: first/conv, first/act, second/conv, second/act',
        'left out: classes',
      ],
    })
    const [once] = (await refusal(sequential([inner('first', conv('conv'), conv('conv')), pool, dense('classes')])))
      .issues
    expect(once).toMatchObject({ path: 'model.conv', message: 'Two layers have the same name' })
    // What the file calls a layer is never taken for the input that a chain has.
    expect(
      (await refusal(sequential([inner('first', conv('images'), conv('more')), pool, dense('classes')]))).issues,
    ).toMatchObject([
      { path: 'model.images', message: 'The name images is one of ours', fix: 'Give the layer another name' },
    ])
    const two = {
      class_name: 'Functional',
      config: {
        name: 'two',
        layers: [],
        input_layers: [
          ['a', 0, 0],
          ['b', 0, 0],
        ],
        output_layers: [['c', 0, 0]],
      },
    }
    expect((await refusal(sequential([two as unknown as Layer, pool, dense('classes')]))).issues).toMatchObject([
      { path: 'model.two', message: expect.stringContaining('a model within the model') as string },
    ])
    let deep: object = conv('conv')
    for (let i = 0; i < 30; i++) deep = { class_name: 'Sequential', config: { name: `m${i}`, layers: [deep] } }
    expect((await refusal(sequential([deep as Layer, pool, dense('classes')]))).issues).toMatchObject([
      { message: expect.stringContaining('More than 8 models lie within each other') as string },
    ])
  })

  it('answers a repeated request with the same network, and uses an upload once', async () => {
    const input = await inputOf({
      model: modelOf(plain, plainWeights),
      bytes: bytesOf(plainWeights),
      more: { licence: 'once' },
    })
    const options = { idempotencyKey: 'network-once' }
    const network = await api.mutate<NetworkSummary>('network.create', input, options)
    expect(await api.mutate('network.create', input, options)).toEqual(network)
    expect(await api.refusal('mutation', 'network.create', input)).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is completed') as string,
    })
    expect(
      await api.refusal('mutation', 'dataset.completeUpload', { uploadId: input.uploadId, parts: input.parts }),
    ).toMatchObject({ code: 'CONFLICT' })
  })

  it('takes branches in any order, and images that end in a pooling', async () => {
    const block = functional(
      [
        [layer('Add', 'sum'), 'a', 'b'],
        [conv('b'), 'a'],
        [conv('a', { strides: [2, 2] }), 'in'],
        [layer('Concatenate', 'both', { axis: -1 }), 'sum', 'a'],
        [conv('aside'), 'a'],
      ],
      'both',
    )
    const network = await create(block, {
      'a/kernel': [3, 3, 3, 4],
      'model/b/kernel': [3, 3, 4, 4],
      'aside/kernel': [3, 3, 4, 4],
    })
    expect(network).toMatchObject({
      layers: ['a', 'b'],
      notes: ['left out: aside'],
      parameters: 27 * 4 + 36 * 4 + 8 * 10 + 10,
      multiplyAdds: 256 * (27 * 4 + 36 * 4) + 80,
    })
  })

  const long = (n: number) =>
    sequential([...Array.from({ length: n }, (_, i) => layer('ReLU', `r${i}`)), pool, dense('classes')])
  const refused: [string, unknown, RegExp | string, Weights?][] = [
    ['no JSON', '{"modelTopology": ', /It is not JSON/],
    ['null', 'null', /not a layers model/],
    ['a million brackets', '['.repeat(500_000) + ']'.repeat(500_000), /not a layers model/],
    ['a graph model', JSON.stringify({ format: 'graph-model', modelTopology: { node: [] } }), /not a layers model/],
    [
      'code',
      sequential([layer('Lambda', 'code', { function: ['4wEAAAA='] }), conv('conv'), pool]),
      'A layer of the class Lambda is not known here',
    ],
    [
      'a class of its own',
      sequential([layer('__proto__', 'x'), conv('conv'), pool]),
      'A layer of the class __proto__ is not known here',
    ],
    [
      'a class of every object',
      sequential([layer('constructor', 'x'), conv('conv'), pool]),
      'A layer of the class constructor is not known here',
    ],
    [
      'Flatten',
      sequential([conv('conv'), layer('Flatten', 'flat'), dense('hidden', { activation: 'relu' }), dense('classes')]),
      'A layer of the class Flatten is not known here',
    ],
    [
      'a model inside',
      sequential([layer('Functional', 'inner', { layers: [] }), pool]),
      'It is a model within the model that has not one input and one output',
    ],
    [
      'gray images',
      sequential([conv('conv'), pool, dense('classes')], [null, 28, 28, 1]),
      /Its input has the shape \[null,28,28,1\]/,
    ],
    [
      'channels first',
      sequential([conv('conv', { data_format: 'channels_first' }), pool, dense('classes')]),
      /Conv2D: data_format/,
    ],
    [
      'dilation',
      sequential([conv('conv', { dilation_rate: [2, 2] }), pool, dense('classes')]),
      /Conv2D: dilation_rate/,
    ],
    [
      'normalisation without scale',
      sequential([conv('conv'), layer('BatchNormalization', 'norm', { scale: false }), pool, dense('classes')]),
      /BatchNormalization: scale/,
    ],
    [
      'a kernel beyond all bounds',
      sequential([conv('conv', { kernel_size: [1e9, 1e9] }), pool, dense('classes')]),
      /kernelSize/,
    ],
    ['filters beyond all bounds', sequential([conv('conv', { filters: 2 ** 53 }), pool, dense('classes')]), /filters/],
    ['too many layers', long(1001), /not a layers model/],
    [
      'softmax in between',
      sequential([layer('Activation', 'soft', { activation: 'softmax' }), conv('conv'), pool, dense('classes')]),
      /Activation: activation/,
    ],
    [
      "Keras 3's hard sigmoid",
      {
        keras_version: '3.15.1',
        model_config: sequential([conv('conv', { activation: 'hard_sigmoid' }), pool, dense('classes')]),
      },
      "Keras 3's hard_sigmoid is another function than that of TensorFlow.js",
    ],
    ['a name of ours', sequential([conv('normalise'), pool, dense('classes')]), 'The name normalise is one of ours'],
    [
      'a name without end',
      sequential([
        { class_name: 'Sequential', config: { name: 'n'.repeat(100_000), layers: [conv('conv')] } },
        pool,
        dense('classes'),
      ]),
      'The name of a layer has 100000 characters; 200 are the most',
    ],
    ['a name with a path', sequential([conv('../../conv'), pool, dense('classes')]), /name/],
    [
      'the same name twice',
      sequential([conv('conv'), conv('conv'), pool, dense('classes')]),
      'Two layers have the same name',
    ],
    [
      'a circle',
      functional(
        [
          [layer('Add', 'a'), 'in', 'b'],
          [layer('ReLU', 'b'), 'a'],
        ],
        'b',
      ),
      'It takes what comes of itself',
    ],
    ['a layer that is not there', functional([[conv('a'), 'nowhere']], 'a'), 'There is no layer nowhere'],
    ['no output', functional([[conv('a'), 'in']], 'nowhere'), 'Its output does not come from its input'],
    [
      'a shared layer',
      {
        ...functional([], 'a'),
        config: {
          ...functional([], 'a').config,
          layers: [
            ...functional([], 'a').config.layers,
            { ...conv('a'), name: 'a', inbound_nodes: [[['in', 0, 0, {}]], [['a', 0, 0, {}]]] },
          ],
        },
      },
      /It must be used exactly once/,
    ],
    [
      'sums of unlike images',
      functional(
        [
          [conv('a'), 'in'],
          [conv('b', { strides: [2, 2] }), 'in'],
          [layer('Add', 'sum'), 'a', 'b'],
        ],
        'sum',
      ),
      /whatever the size of the image/,
    ],
    [
      'channels that double and double',
      functional(
        Array.from({ length: 30 }, (_, i): [Layer, ...string[]] => [
          layer('Concatenate', `c${i}`),
          i === 0 ? 'in' : `c${i - 1}`,
          i === 0 ? 'in' : `c${i - 1}`,
        ]),
        'c29',
      ),
      /it would have \d+ channels/,
    ],
    [
      'images that grow and grow',
      sequential([
        ...Array.from({ length: 900 }, (_, i) => layer('ZeroPadding2D', `p${i}`, { padding: 64 })),
        conv('conv'),
        pool,
        dense('classes'),
      ]),
      /values for one 32 x 32 image/,
    ],
    ['convolution after pooling', sequential([pool, conv('conv')]), /conv2d works on images/],
    [
      'dense on images',
      sequential([conv('conv'), dense('hidden', { activation: 'relu' }), pool, dense('classes')]),
      /a dense layer on an image/,
    ],
    ['nothing but a last layer', sequential([dense('classes')]), /Nothing is left of it|Its output/],
    ['a weight that is missing', plain, 'There is no weight conv/kernel in the manifest', { 'classes/kernel': [4, 3] }],
    [
      'a weight of another shape',
      plain,
      'conv/kernel has the shape [5, 5, 3, 4]; the layer needs [3, 3, 3, 4]',
      { 'conv/kernel': [5, 5, 3, 4] },
    ],
  ]
  it.each(refused)('refuses %s, with what would do', async (_, topology, message, weights = plainWeights) => {
    const { code, status, issues } = await refusal(topology, weights)
    expect([code, status]).toEqual(['BAD_INPUT', 400])
    const said = issues.map((issue) => issue.message)
    expect(said).toEqual(
      expect.arrayContaining([typeof message === 'string' ? message : expect.stringMatching(message)]),
    )
    for (const { fix, path } of issues)
      expect([path, fix]).toEqual([expect.stringMatching(/^model/), expect.stringMatching(/\w/)])
  })

  it('refuses weights that are too few, not numbers, quantized, or beyond the limit', async () => {
    expect(await refusal(plain, plainWeights, bytesOf(plainWeights).subarray(4))).toMatchObject({
      issues: [
        {
          path: 'uploadId',
          message: `The weights have ${4 * floats(plainWeights) - 4} bytes; model.json describes ${4 * floats(plainWeights)}`,
        },
      ],
    })
    for (const wrong of [NaN, Infinity, -Infinity]) {
      expect(
        await refusal(
          plain,
          plainWeights,
          bytesOf(plainWeights, (values) => {
            values[70] = wrong
          }),
        ),
      ).toMatchObject({ code: 'BAD_INPUT', issues: [{ code: 'not_finite', message: `Weight 70 is ${wrong}` }] })
    }
    const quantized = JSON.parse(modelOf(plain, plainWeights)) as {
      weightsManifest: { weights: Record<string, unknown>[] }[]
    }
    quantized.weightsManifest[0]!.weights[0]!.quantization = { dtype: 'uint8', min: 0, scale: 1 }
    expect(await refusal(JSON.stringify(quantized))).toMatchObject({
      issues: [
        {
          path: 'model.weightsManifest.0.weights.0.quantization',
          fix: expect.stringContaining('without quantization') as string,
        },
      ],
    })
    expect(await refusal(modelOf(plain, { 'conv/kernel': [2 ** 31, 2 ** 31, 2 ** 31] }))).toMatchObject({
      issues: [{ message: expect.stringContaining('more than 419430400 bytes') as string }],
    })
    expect(await refusal(modelOf(plain, plainWeights).replace('[3,3,3,4]', '[3,3,3,-4]'))).toMatchObject({
      issues: [{ path: 'model.weightsManifest.0.weights.0.shape.3' }],
    })
  })
})

describe('training an uploaded network', { timeout: 60_000 }, () => {
  let versionId: string
  beforeAll(async () => {
    ;({ versionId } = await makeVersion(api))
  })
  const submit = (spec: Record<string, unknown>) =>
    api.mutate<TrainJob>('job.submit', { versionId, spec: { ...smallSpec, network: undefined, ...spec } })
  const refuse = (spec: Record<string, unknown>, of = versionId) =>
    api.refusal('mutation', 'job.submit', { versionId: of, spec: { ...smallSpec, network: undefined, ...spec } })

  it('is estimated by the multiply-adds of the network, which cannot be deleted until the job has ended', async () => {
    const [small, large] = [
      await create(plain, plainWeights),
      await create(sequential([conv('conv', { filters: 4096 }), pool]), { 'conv/kernel': [3, 3, 3, 4096] }),
    ]
    const [a, b] = [await submit({ network: small.id }), await submit({ fineTune: { from: large.id } })]
    expect(a.spec).toMatchObject({ network: small.id, fineTune: null })
    expect(b.spec).toMatchObject({ network: large.id, fineTune: { from: large.id, freeze: [] } })
    expect(b.estimate!.seconds).toBeGreaterThan(2 * a.estimate!.seconds)
    for (const [network, job] of [
      [small, a],
      [large, b],
    ] as const) {
      expect(await api.refusal('mutation', 'network.delete', { networkId: network.id })).toMatchObject({
        code: 'IN_USE',
        issues: [{ path: job.id, code: 'job' }],
      })
      await api.mutate('job.cancel', { jobId: job.id })
      expect(await api.mutate('network.delete', { networkId: network.id })).toEqual({ networkId: network.id })
      expect(await refuse({ network: network.id })).toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('is refused where images, alone or stacked, do not pass the network', async () => {
    const { id } = await create(sequential([conv('conv', { kernel_size: 33, padding: 'valid' }), pool]), {
      'conv/kernel': [33, 33, 3, 4],
    })
    expect(await refuse({ network: id })).toMatchObject({
      issues: [
        {
          path: 'spec.network',
          message: 'a network needs images of at least 33 x 33 pixels; these have 32 x 32',
          fix: expect.stringContaining('imageSize: 33 or more, or use one of resnet8, resnet20') as string,
        },
      ],
    })
    const halves = functional(
      [
        [conv('a', { strides: [4, 4] }), 'in'],
        [layer('MaxPooling2D', 'm', { pool_size: [4, 4] }), 'in'],
        [conv('b'), 'm'],
        [layer('Add', 'sum'), 'a', 'b'],
      ],
      'sum',
    )
    const odd = await create(halves, { 'a/kernel': [3, 3, 3, 4], 'b/kernel': [3, 3, 3, 4] })
    const { versionId: thirty } = await makeVersion(api, { datasetName: 'thirty', side: 30 })
    expect(await refuse({ network: odd.id }, thirty)).toMatchObject({
      issues: [
        {
          path: 'spec.network',
          message: 'a network cannot take inputs of 30 x 30 pixels: its layer sum adds 8 x 8 x 4 and 7 x 7 x 4 values',
        },
      ],
    })
    expect((await submit({ network: odd.id })).state).toBe('queued')
  })

  it('names networks for small images, for built-in networks as for uploaded ones', async () => {
    const { versionId: ten } = await makeVersion(api, { datasetName: 'ten', side: 10 })
    for (const [network, title, size, others] of [
      ['vgg16-bn', 'VGG16-BN', 32, 'wrn28-10'],
      ['conv-large', 'Conv-Large', 12, 'wrn28-10'],
    ] as const) {
      const { issues } = await refuse({ network }, ten)
      expect(issues).toMatchObject([
        {
          path: 'spec.network',
          message: `${title} needs images of at least ${size} x ${size} pixels; these have 10 x 10`,
        },
      ])
      expect(issues[0]!.fix).toBe(
        `Prepare the data set with imageSize: ${size} or more, or use one of resnet8, resnet20, resnet32, resnet44, resnet56, resnet110, resnet18, wrn28-2, wrn40-2, wrn16-8, ${others}`,
      )
    }
  })

  it('begins with a model on request, which cannot be deleted until the job has ended', async () => {
    const { modelId } = await makeModel(api, versionId)
    const job = await submit({ fineTune: { from: modelId, freeze: ['stem*'] } })
    expect(job.spec).toMatchObject({ network: 'resnet8', fineTune: { from: modelId, freeze: ['stem*'] } })
    expect(await api.refusal('mutation', 'model.delete', { modelId })).toMatchObject({
      code: 'IN_USE',
      issues: [{ path: job.id, message: expect.stringContaining('begins with it') as string }],
    })
    expect(await refuse({ fineTune: { from: modelId, freeze: ['stem', 'x*'] } })).toMatchObject({
      issues: [
        { path: 'spec.fineTune.freeze', message: 'No layer is called stem' },
        {
          message: 'No layer is called x*',
          fix: 'Use names, or beginnings of names with a star: stem_conv, stage1_unit1_conv1',
        },
      ],
    })
    // By a mean teacher too, which has their form.
    const taught = { emaDecay: 0.9, semiSupervised: { method: 'mean-teacher', from: ['labelled'] } }
    await api.mutate('job.cancel', { jobId: (await submit({ fineTune: { from: modelId }, ...taught })).id })
    expect(await refuse({ fineTune: { from: `mdl_${'a'.repeat(20)}` } })).toMatchObject({ code: 'NOT_FOUND' })
    const { secret } = await api.mutate<{ secret: string }>('project.create', { name: 'a stranger' })
    const { versionId: theirs } = await makeVersion(api, { options: { key: secret } })
    expect(
      await api.refusal(
        'mutation',
        'job.submit',
        { versionId: theirs, spec: { fineTune: { from: modelId } } },
        { key: secret },
      ),
    ).toMatchObject({ code: 'NOT_FOUND' })
    await api.mutate('job.cancel', { jobId: job.id })
    await api.mutate('model.delete', { modelId })
  })

  it('can be part of an experiment', async () => {
    const { id } = await create(plain, plainWeights, { licence: 'for experiments' })
    const withNetwork = (network: string) => ({
      ...smallExperiment,
      arms: smallExperiment.arms.map((arm) => ({ ...arm, spec: { ...arm.spec, network } })),
    })
    const experiment = await api.mutate('experiment.create', { versionId, experiment: withNetwork(id) })
    expect(experiment).toMatchObject({ runs: { total: 2 } })
    expect(
      await api.refusal('mutation', 'experiment.create', {
        versionId,
        experiment: withNetwork(`net_${'0'.repeat(32)}`),
      }),
    ).toMatchObject({ code: 'NOT_FOUND' })
  })
})
