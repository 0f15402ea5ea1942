import { backend, tf, type OpAttribute, type Tensor, type TensorInfo, type Variable } from './tf.js'
import { attributeValue, dataType, nodeDef, savedModel } from './graph/graphDef.js'
import { emptyOutputs } from './emptyOutputs.js'
import { attributeBytes, opAttribute } from './opAttributes.js'
import { lowPrecisionRules, type LowPrecisionRule, type Precision } from './precision.js'

export interface InputDeclaration {
  shape: readonly number[]
  dtype: 'uint8' | 'int32' | 'float32'
}

export type Inputs = Readonly<Record<string, InputDeclaration>>

/**
 * A function that can be recorded. It may read declared inputs, and read and assign declared variables, but use nothing
 * else that changes.
 */
export interface StepDefinition {
  inputs: Inputs
  /** The same inputs in other shapes. Each shape gets a graph of its own over the same variables. */
  otherInputs?: readonly Inputs[]
  /** All variables that the step reads or assigns, in a fixed order. All are float32. */
  variables: readonly { name: string; variable: Variable }[]
  /** uint8 inputs arrive as float32 tensors of the same values. */
  run(inputs: Record<string, Tensor>): Record<string, Tensor>
}

/** All shapes of a step's inputs. A step is run with one of them, named by its index here. */
export const shapesOf = ({
  inputs,
  otherInputs = [],
}: Pick<StepDefinition, 'inputs' | 'otherInputs'>): readonly Inputs[] => [inputs, ...otherInputs]

export interface RecordedGraph {
  /** A SavedModel. */
  model: Buffer
  /** Names of the step's results. */
  outputs: string[]
  nodes: number
  constantBytes: number
}

/** Names in the graph, by which the session feeds and fetches. `shape` is an index into `shapesOf`. */
export const graphName = {
  input: (name: string, shape: number) => `in${shape}_${name}`,
  output: (name: string, shape: number) => `out${shape}_${name}`,
  initial: (index: number) => `initial_${index}`,
  value: (index: number) => `value_${index}`,
  initialised: 'initialised',
}

// In bytes. A larger constant must be a tensor that should have been declared: it would be copied into the graph and go
// stale.
const largestConstant = 64 * 1024
const graphTypes: Record<InputDeclaration['dtype'], number> = {
  uint8: dataType.uint8,
  int32: dataType.int32,
  float32: dataType.float,
}

/**
 * Runs the step once for each shape of its inputs and writes down every op that tfjs-node executes, computing as little
 * as possible: declared inputs become placeholders, variables become resource variables (handle, read, assignment),
 * everything else constants. The variables' values are as before afterwards.
 *
 * @throws Error when the step reads values of its own tensors or captures a large tensor
 */
export function recordGraph(definition: StepDefinition, precision: Precision): RecordedGraph {
  const recorder = new Recorder(precision)
  const before = definition.variables.map(({ variable }) => tf.keep(variable.clone()))
  let outputs: string[] = []
  try {
    tf.tidy(() => {
      definition.variables.forEach(({ variable }, index) => recorder.declareVariable(variable, index))
      shapesOf(definition).forEach((declarations, shape) => {
        const inputs = Object.fromEntries(
          Object.entries(declarations).map(([name, declared]) => [
            name,
            recorder.declareInput(graphName.input(name, shape), declared),
          ]),
        )
        const results = recorder.watch(() => definition.run(inputs))
        recorder.finish(results, shape)
        outputs = Object.keys(results)
        tf.dispose(results)
      })
      recorder.close()
    })
  } finally {
    definition.variables.forEach(({ variable }, index) => {
      variable.assign(before[index]!)
      before[index]!.dispose()
    })
  }
  return {
    model: savedModel(recorder.nodes),
    outputs,
    nodes: recorder.nodes.length,
    constantBytes: recorder.constantBytes,
  }
}

/** The nodes of one recording, and which node holds the data of which tensor. */
class Recorder {
  readonly nodes: Buffer[] = []
  constantBytes = 0
  /**
   * Data of a tensor, to the node output that holds it. Held for the whole recording, so that no identity is used
   * twice.
   */
  private readonly outputs = new Map<object, string>()
  /** Node outputs that are bfloat16. */
  private readonly low = new Set<string>()
  private readonly casts = new Map<string, string>()
  private readonly constants = new Map<string, string>()
  private readonly read = new Map<number, { variable: Variable; own: Tensor; output: string }>()
  private count = 0

  constructor(private readonly precision: Precision) {}

  declareInput(name: string, { shape, dtype }: InputDeclaration): Tensor {
    const type = graphTypes[dtype]
    const placeholder = this.add({
      op: 'Placeholder',
      attributes: { dtype: attributeValue.type(type), shape: attributeValue.shape(shape) },
      name,
    })
    const tensor = tf.zeros([...shape], dtype === 'uint8' ? 'float32' : dtype)
    const output =
      dtype === 'uint8'
        ? this.cast(`${placeholder}:0`, { from: type, to: dataType.float })
        : dtype === 'float32'
          ? this.copy(placeholder)
          : `${placeholder}:0`
    this.outputs.set(tensor.dataId, output)
    return tensor
  }

  declareVariable(variable: Variable, index: number): void {
    if (variable.dtype !== 'float32')
      throw new Error(`variable ${variable.name} is ${variable.dtype}; only float32 is supported`)
    const dtype = attributeValue.type(dataType.float)
    const shape = attributeValue.shape(variable.shape)
    const handle = this.add({
      op: 'VarHandleOp',
      attributes: {
        dtype,
        shape,
        shared_name: attributeValue.string(`variable_${index}`),
        container: attributeValue.string(''),
      },
      name: `variable_${index}`,
    })
    const output = `${this.add({ op: 'ReadVariableOp', inputs: [handle], attributes: { dtype }, name: `read_${index}` })}:0`
    this.add({ op: 'Identity', inputs: [output], attributes: { T: dtype }, name: graphName.value(index) })
    const initial = this.add({ op: 'Placeholder', attributes: { dtype, shape }, name: graphName.initial(index) })
    this.add({
      op: 'AssignVariableOp',
      inputs: [handle, this.copy(initial)],
      attributes: { dtype },
      name: `initialise_${index}`,
    })
    // A clone gives the variable data of its own: two variables that share an initial tensor must not become one.
    const own = tf.mul(variable, 1)
    variable.assign(own)
    this.outputs.set(variable.dataId, output)
    this.read.set(index, { variable, own, output })
  }

  /** Runs `step` with every executed op written down. */
  watch(step: () => Record<string, Tensor>): Record<string, Tensor> {
    const { executeSingleOutput, executeMultipleOutputs, readSync, read } = backend
    const refuseRead = (dataId: object) => {
      if (this.outputs.has(dataId))
        throw new Error('the step reads the values of a tensor, so its later ops may depend on them')
    }
    Object.assign(backend, {
      executeSingleOutput: (...[name, attributes, inputs]: Parameters<typeof executeSingleOutput>) => {
        const result =
          emptyOutputs(name, attributes, inputs)?.[0] ?? executeSingleOutput.call(backend, name, attributes, inputs)
        this.record({ op: name, attributes, inputs, results: [result] })
        return result
      },
      executeMultipleOutputs: (...[name, attributes, inputs, outputs]: Parameters<typeof executeMultipleOutputs>) => {
        const results =
          emptyOutputs(name, attributes, inputs)?.slice(0, outputs) ??
          executeMultipleOutputs.call(backend, name, attributes, inputs, outputs)
        this.record({ op: name, attributes, inputs, results })
        return results
      },
      readSync: (dataId: object) => {
        refuseRead(dataId)
        return readSync.call(backend, dataId)
      },
      read: (dataId: object) => {
        refuseRead(dataId)
        return read.call(backend, dataId)
      },
    })
    try {
      return step()
    } finally {
      // The methods live on the prototype; removing ours uncovers them.
      for (const name of ['executeSingleOutput', 'executeMultipleOutputs', 'readSync', 'read'])
        delete (backend as unknown as Record<string, unknown>)[name]
    }
  }

  /**
   * Adds the step's assignments, each after every read of the old value, then its results, after all assignments. Gives
   * the variables the data they were declared with, so that the next shape can be recorded.
   */
  finish(results: Record<string, Tensor>, shape: number): void {
    const dtype = attributeValue.type(dataType.float)
    const assigned = [...this.read].flatMap(([index, { variable, output }]) => {
      const value = this.wide(this.reference(variable))
      if (value === output) return []
      return [
        `^${this.add({ op: 'AssignVariableOp', inputs: [`variable_${index}`, value, `^read_${index}`], attributes: { dtype }, name: `assign${shape}_${index}` })}`,
      ]
    })
    for (const [name, tensor] of Object.entries(results)) {
      const type = backend.tensorMap.get(tensor.dataId).dtype
      this.add({
        op: 'Identity',
        inputs: [this.wide(this.reference(tensor)), ...assigned],
        attributes: { T: attributeValue.type(type) },
        name: graphName.output(name, shape),
      })
    }
    for (const { variable, own } of this.read.values()) variable.assign(own)
  }

  /** Adds the node that a session runs to set all variables. */
  close(): void {
    const all = [...this.read.keys()].map((index) => `^initialise_${index}`)
    this.add({
      op: 'Const',
      inputs: all,
      attributes: {
        dtype: attributeValue.type(dataType.int32),
        value: attributeValue.tensor({ type: dataType.int32, shape: [], bytes: new Uint8Array(4) }),
      },
      name: graphName.initialised,
    })
  }

  private record({
    op,
    attributes,
    inputs,
    results,
  }: {
    op: string
    attributes: OpAttribute[]
    inputs: TensorInfo[]
    results: Tensor[]
  }): void {
    let references = inputs.map((input) => this.reference(input))
    const rule = this.ruleFor({ op, references, results })
    references = references.map((output, index) => (rule?.inputs[index] ? this.narrow(output) : this.wide(output)))
    // tfjs-node gives ExpandDims no type: eager execution infers it, a graph needs it.
    if (op === 'ExpandDims' && attributes.every(({ name }) => name !== 'T'))
      attributes = [...attributes, opAttribute.type('T', backend.tensorMap.get(inputs[0]!.dataId).dtype)]
    const values = Object.fromEntries(
      attributes.map((attribute) => [
        attribute.name,
        rule && attribute.name === 'T' ? attributeValue.type(dataType.bfloat16) : attributeBytes(attribute),
      ]),
    )
    const node = this.add({ op, inputs: references, attributes: values })
    results.forEach((result, index) => {
      const output = `${node}:${index}`
      this.outputs.set(result.dataId, output)
      if (rule?.outputs[index]) this.low.add(output)
    })
  }

  private ruleFor({
    op,
    references,
    results,
  }: {
    op: string
    references: string[]
    results: Tensor[]
  }): LowPrecisionRule | undefined {
    const rule = this.precision === 'bfloat16' ? lowPrecisionRules[op] : undefined
    if (!rule?.follows) return rule
    return results[0]!.rank === 4 && references.some((output) => this.low.has(output)) ? rule : undefined
  }

  /** The node output that holds a tensor's data in the tensor's shape. */
  private reference(tensor: TensorInfo | { valueArray: Int32Array }): string {
    // tfjs-node passes 64-bit scalars (attributes in effect) as objects of their own.
    if ('valueArray' in tensor)
      return this.constant({ type: dataType.int64, shape: [], bytes: bytesOf(tensor.valueArray) })
    const data = backend.tensorMap.get(tensor.dataId)
    let output = this.outputs.get(tensor.dataId)
    if (output === undefined) {
      output = this.captured(data.dtype, data.shape, backend.readSync(tensor.dataId))
      this.outputs.set(tensor.dataId, output)
    }
    if (tensor.shape.length === data.shape.length && tensor.shape.every((size, axis) => size === data.shape[axis]))
      return output
    const shape = this.constant({
      type: dataType.int32,
      shape: [tensor.shape.length],
      bytes: bytesOf(Int32Array.from(tensor.shape)),
    })
    const type = this.low.has(output) ? dataType.bfloat16 : data.dtype
    const reshaped = `${this.add({ op: 'Reshape', inputs: [output, shape], attributes: { T: attributeValue.type(type), Tshape: attributeValue.type(dataType.int32) } })}:0`
    if (this.low.has(output)) this.low.add(reshaped)
    return reshaped
  }

  /**
   * A tensor that was made outside of the recorded ops becomes a constant; if all of its values are equal, a Fill of
   * any size.
   */
  private captured(type: number, shape: readonly number[], values: Float32Array | Int32Array | Uint8Array): string {
    const uniform = values.length > 16 && values.every((value) => value === values[0])
    if (uniform) {
      const dims = this.constant({
        type: dataType.int32,
        shape: [shape.length],
        bytes: bytesOf(Int32Array.from(shape)),
      })
      const value = this.constant({ type, shape: [], bytes: bytesOf(values.subarray(0, 1)) })
      return `${this.add({ op: 'Fill', inputs: [dims, value], attributes: { T: attributeValue.type(type), index_type: attributeValue.type(dataType.int32) } })}:0`
    }
    if (values.byteLength > largestConstant) {
      throw new Error(
        `the step captures a tensor [${shape.join(', ')}] of ${values.byteLength} bytes; declare it as an input or a variable`,
      )
    }
    return this.constant({ type, shape, bytes: bytesOf(values) })
  }

  private constant({ type, shape, bytes }: { type: number; shape: readonly number[]; bytes: Uint8Array }): string {
    const key = `${type}/${shape.join('x')}/${Buffer.from(bytes).toString('base64')}`
    let output = this.constants.get(key)
    if (output === undefined) {
      output = `${this.add({ op: 'Const', attributes: { dtype: attributeValue.type(type), value: attributeValue.tensor({ type, shape, bytes }) } })}:0`
      this.constants.set(key, output)
      this.constantBytes += bytes.length
    }
    return output
  }

  /**
   * What is fed is the caller's memory, lent for one run. A variable that took it as it is would hold it longer, and
   * let go of it on one of TensorFlow's threads, where the addon must not tell V8 so: two of them at once end the
   * process.
   */
  private copy(placeholder: string): string {
    return `${this.add({ op: 'DeepCopy', inputs: [placeholder], attributes: { T: attributeValue.type(dataType.float) } })}:0`
  }

  private narrow(output: string): string {
    return this.low.has(output) ? output : this.cast(output, { from: dataType.float, to: dataType.bfloat16 })
  }

  private wide(output: string): string {
    return this.low.has(output) ? this.cast(output, { from: dataType.bfloat16, to: dataType.float }) : output
  }

  private cast(output: string, { from, to }: { from: number; to: number }): string {
    const key = `${output}>${to}`
    let result = this.casts.get(key)
    if (result === undefined) {
      result = `${this.add({ op: 'Cast', inputs: [output], attributes: { SrcT: attributeValue.type(from), DstT: attributeValue.type(to), Truncate: attributeValue.bool(false) } })}:0`
      this.casts.set(key, result)
      if (to === dataType.bfloat16) this.low.add(result)
    }
    return result
  }

  private add({
    op,
    inputs = [],
    attributes,
    name = `${op}_${this.count++}`,
  }: {
    op: string
    inputs?: readonly string[]
    attributes: Record<string, Buffer>
    name?: string
  }): string {
    this.nodes.push(nodeDef({ name, op, inputs, attributes }))
    return name
  }
}

const bytesOf = (values: Float32Array | Int32Array | Uint8Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
