/**
 * While a step is recorded nobody needs its values, only the shapes of its tensors. For the ops that hold nearly all of
 * a step's memory and time the outputs are made without computing them: tensors of the right shape whose memory is
 * never touched, and so never taken from the system. Any other op is executed, on whatever values there are.
 */
import { backend, binding, type OpAttribute, type Tensor, type TensorInfo } from './tf.js'
import { opAttribute } from './opAttributes.js'

type Shape = readonly number[]
type Rule = (inputs: TensorInfo[], attributes: ReadonlyMap<string, OpAttribute['value']>) => Shape[] | null

const likeFirst: Rule = ([x]) => [x!.shape]
const broadcast: Rule = ([a, b]) => [broadcastShape(a!.shape, b!.shape)]
/** The shape is an input of the op: a small constant. */
const shapeFrom =
  (index: number): Rule =>
  (inputs) => [[...(backend.readSync(inputs[index]!.dataId) as Int32Array)]]

const rules: Readonly<Record<string, Rule>> = {
  Relu: likeFirst,
  ReluGrad: likeFirst,
  LeakyRelu: likeFirst,
  LeakyReluGrad: likeFirst,
  AddV2: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  BroadcastTo: shapeFrom(1),
  Conv2D: ([x, filter], attributes) => {
    const padding = attributes.get('padding')
    if ((padding !== 'SAME' && padding !== 'VALID') || attributes.get('data_format') !== 'NHWC') return null
    const strides = attributes.get('strides') as number[]
    const [n, ...sides] = x!.shape.slice(0, 3) as [number, number, number]
    const spare = (axis: number) => (padding === 'SAME' ? 0 : filter!.shape[axis]! - 1)
    return [[n, ...sides.map((side, axis) => Math.ceil((side - spare(axis)) / strides[axis + 1]!)), filter!.shape[3]!]]
  },
  PadV2: ([x, paddings]) => {
    const added = backend.readSync(paddings!.dataId) as Int32Array
    return [x!.shape.map((side, axis) => side + added[2 * axis]! + added[2 * axis + 1]!)]
  },
  Slice: shapeFrom(2),
  Conv2DBackpropInput: shapeFrom(0),
  Conv2DBackpropFilter: shapeFrom(1),
  FusedBatchNormV3: ([x, gamma], attributes) =>
    attributes.get('is_training') === true ? [x!.shape, ...Array.from({ length: 5 }, () => gamma!.shape)] : null,
  FusedBatchNormGradV3: ([, x, gamma]) => [x!.shape, gamma!.shape, gamma!.shape, [0], [0]],
}

function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
  )
}

/** The outputs of an op, unset; null for ops that have to be executed. */
export function emptyOutputs(op: string, attributes: readonly OpAttribute[], inputs: TensorInfo[]): Tensor[] | null {
  // Sums and products of integers exist, too; they are small.
  if (attributes.some(({ name, value }) => name === 'T' && value !== binding.TF_FLOAT)) return null
  const shapes = rules[op]?.(inputs, new Map(attributes.map(({ name, value }) => [name, value])))
  return shapes?.map(emptyTensor) ?? null
}

function emptyTensor(shape: Shape): Tensor {
  const dims = binding.createTensor([shape.length], binding.TF_INT32, Int32Array.from(shape))
  try {
    return backend.createOutputTensor(
      binding.executeOp(
        'Empty',
        [opAttribute.type('dtype', binding.TF_FLOAT), opAttribute.bool('init', false)],
        [dims],
        1,
      )[0]!,
    )
  } finally {
    binding.deleteTensor(dims)
  }
}
