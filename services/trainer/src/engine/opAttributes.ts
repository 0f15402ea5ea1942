import { binding, type OpAttribute } from '../tf.js'

/** Attributes of TensorFlow ops, by kind. */
export const opAttribute = {
  type: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value }),
  bool: (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  float: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  string: (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value }),
}

/** `T: float`, which nearly every op of a training step has. */
export const floatType = opAttribute.type('T', binding.TF_FLOAT)
