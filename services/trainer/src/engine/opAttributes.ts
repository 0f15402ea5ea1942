import { binding, type OpAttribute } from './tf.js'
import { attributeValue } from './graph/graphDef.js'

/** Attributes of TensorFlow ops, by kind. */
export const opAttribute = {
  type: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value }),
  bool: (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  float: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  string: (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value }),
}

/** `T: float`, which nearly every op of a training step has. */
export const floatType = opAttribute.type('T', binding.TF_FLOAT)

/** An attribute as a graph definition keeps it. */
export function attributeBytes({ name, type, value }: OpAttribute): Buffer {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return attributeValue.type(value as number)
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? attributeValue.integers(value) : attributeValue.integer(value as number)
    case binding.TF_ATTR_FLOAT:
      return Array.isArray(value) ? attributeValue.floats(value) : attributeValue.float(value as number)
    case binding.TF_ATTR_BOOL:
      return attributeValue.bool(value as boolean)
    case binding.TF_ATTR_STRING:
      return attributeValue.string(value as string)
    case binding.TF_ATTR_SHAPE:
      return attributeValue.shape(value as number[])
    default:
      throw new Error(`attribute ${name} has kind ${type}, which is not known here`)
  }
}
