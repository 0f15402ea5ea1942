/**
 * TensorFlow's GraphDef and SavedModel messages, as far as we write them. Field numbers are those of its published
 * .proto files.
 */
import { bytesField, floatField, integerField } from './protobuf.js'

/** DataType values of TensorFlow's types.proto. */
export const dataType = { float: 1, uint8: 4, int32: 3, int64: 9, bool: 10, bfloat16: 14 } as const

const shapeProto = (shape: readonly number[]) =>
  Buffer.concat(shape.map((size) => bytesField(2, integerField(1, size))))

/** AttrValue messages by kind. */
export const attributeValue = {
  type: (value: number) => integerField(6, value),
  integer: (value: number) => integerField(3, value),
  float: (value: number) => floatField(4, value),
  bool: (value: boolean) => integerField(5, value ? 1 : 0),
  string: (value: string) => bytesField(2, value),
  shape: (value: readonly number[]) => bytesField(7, shapeProto(value)),
  integers: (values: readonly number[]) => bytesField(1, Buffer.concat(values.map((value) => integerField(3, value)))),
  floats: (values: readonly number[]) => bytesField(1, Buffer.concat(values.map((value) => floatField(4, value)))),
  tensor: ({ type, shape, bytes }: { type: number; shape: readonly number[]; bytes: Uint8Array }) =>
    bytesField(8, Buffer.concat([integerField(1, type), bytesField(2, shapeProto(shape)), bytesField(4, bytes)])),
}

export interface NodeDefinition {
  name: string
  op: string
  /** `node:output`, or `^node` for a node that must have run before. */
  inputs: readonly string[]
  attributes: Readonly<Record<string, Buffer>>
}

export function nodeDef({ name, op, inputs, attributes }: NodeDefinition): Buffer {
  const entries = Object.entries(attributes).map(([key, value]) =>
    bytesField(5, Buffer.concat([bytesField(1, key), bytesField(2, value)])),
  )
  return bytesField(
    1,
    Buffer.concat([bytesField(1, name), bytesField(2, op), ...inputs.map((input) => bytesField(3, input)), ...entries]),
  )
}

/**
 * A SavedModel of one graph under the tag `serve`. 1087 is the graph version of TensorFlow 2.8, which later ones read.
 */
export function savedModel(nodes: readonly Buffer[]): Buffer {
  const versions = bytesField(4, Buffer.concat([integerField(1, 1087), integerField(2, 12)]))
  const graph = Buffer.concat([...nodes, versions])
  const metaInfo = bytesField(1, bytesField(4, 'serve'))
  return Buffer.concat([integerField(1, 1), bytesField(2, Buffer.concat([metaInfo, bytesField(2, graph)]))])
}
