import { Failure } from '@imclr/contract'
import { backend, binding, tf, type Tensor } from './tf.js'
import { opAttribute } from './opAttributes.js'
import { openGraphSession, type Feed, type Values } from './graph/graphSession.js'
import { supportsBfloat16, type Precision } from './precision.js'
import { graphName, recordGraph, shapesOf, type InputDeclaration, type StepDefinition } from './recordGraph.js'

export type { StepDefinition } from './recordGraph.js'

export interface StepOptions {
  execution: 'graph' | 'eager'
  precision: Precision
}

/** A variable's state as it is kept in a checkpoint. */
export interface VariableState {
  name: string
  shape: number[]
  values: Float32Array
}

/** One training step (or one forward pass) that can be run again and again, as a graph or eagerly. */
export interface Step {
  /** How it runs, after any fallback. */
  readonly execution: 'graph' | 'eager'
  readonly precision: Precision
  /** Why a recorded step was asked for and an eager one runs. The caller announces it. */
  readonly fallbackReason?: string
  /**
   * Runs once with the named inputs, each a typed array of its declared type and size, and returns the named outputs.
   * @param shape which of the definition's `shapesOf` the inputs have @default 0
   */
  step(inputs: Readonly<Record<string, Values>>, shape?: number): Record<string, Float32Array>
  /** All variables as they are now, in the order of the definition. */
  readVariables(): VariableState[]
  /** Sets all variables; names and sizes must be those of `readVariables`. */
  writeVariables(states: readonly VariableState[]): void
  /** Frees the session of a recorded step. The definition's variables stay: their owner frees them. */
  dispose(): void
}

const dtypes: Record<InputDeclaration['dtype'], number> = {
  uint8: binding.TF_UINT8,
  int32: binding.TF_INT32,
  float32: binding.TF_FLOAT,
}

/**
 * Makes a step of a definition. Recorded steps keep their variables inside a TensorFlow session; the definition's own
 * variables keep the values they had. If recording fails the eager step is returned, with the reason.
 *
 * @throws Failure PRECISION_UNSUPPORTED when bfloat16 is asked for where it cannot be had
 */
export function makeStep(definition: StepDefinition, { execution, precision }: StepOptions): Step {
  if (precision === 'bfloat16' && !supportsBfloat16())
    throw new Failure('PRECISION_UNSUPPORTED', 'this CPU has no bfloat16 instructions (AVX-512 or AMX)')
  if (execution === 'eager') {
    if (precision === 'bfloat16')
      throw new Failure('PRECISION_UNSUPPORTED', 'bfloat16 needs the recorded step; the eager one computes in float32')
    return eagerStep(definition)
  }
  try {
    return recordedStep(definition, precision)
  } catch (error) {
    return { ...eagerStep(definition), fallbackReason: error instanceof Error ? error.message : String(error) }
  }
}

function recordedStep(definition: StepDefinition, precision: Precision): Step {
  const { model, outputs } = recordGraph(definition, precision)
  const session = openGraphSession(model)
  const { variables } = definition
  const outputNodes = shapesOf(definition).map((_, shape) => outputs.map((name) => graphName.output(name, shape)))
  const valueNodes = variables.map((_, index) => graphName.value(index))

  const writeVariables = (states: readonly VariableState[]) => {
    checkStates(definition, states)
    if (states.length === 0) return
    session.run(
      states.map(({ shape, values }, index) => ({
        name: graphName.initial(index),
        shape,
        dtype: binding.TF_FLOAT,
        values,
      })),
      [graphName.initialised],
    )
  }
  writeVariables(stateOf(definition))

  return {
    execution: 'graph',
    precision,
    step(inputs, shape = 0) {
      const values = session.run(feedsOf(definition, inputs, shape), outputNodes[shape]!)
      return Object.fromEntries(outputs.map((name, index) => [name, values[index] as Float32Array]))
    },
    readVariables() {
      const values = variables.length === 0 ? [] : session.run([], valueNodes)
      return variables.map(({ name, variable }, index) => ({
        name,
        shape: [...variable.shape],
        values: values[index] as Float32Array,
      }))
    },
    writeVariables,
    dispose: () => session.dispose(),
  }
}

function eagerStep(definition: StepDefinition): Step {
  return {
    execution: 'eager',
    precision: 'float32',
    step(inputs, shape = 0) {
      const feeds = feedsOf(definition, inputs, shape)
      const results = tf.tidy(() => {
        const tensors = Object.entries(definition.inputs).map(
          ([name, { dtype }], index) => [name, toTensor(feeds[index]!, dtype)] as const,
        )
        return definition.run(Object.fromEntries(tensors))
      })
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => {
          const values = tensor.dataSync() as Float32Array
          tensor.dispose()
          return [name, values]
        }),
      )
    },
    readVariables: () => stateOf(definition),
    writeVariables(states) {
      checkStates(definition, states)
      assignStates(definition, states)
    },
    dispose: () => {},
  }
}

/**
 * Copies a state (of a recorded step, or a checkpoint) into the definition's own variables, and so into the model that
 * owns them.
 */
export function assignStates(definition: Pick<StepDefinition, 'variables'>, states: readonly VariableState[]): void {
  tf.tidy(() => {
    definition.variables.forEach(({ variable }, index) =>
      variable.assign(tf.tensor(states[index]!.values, states[index]!.shape, 'float32')),
    )
  })
}

/** The values of the definition's own variables. */
export function stateOf({ variables }: Pick<StepDefinition, 'variables'>): VariableState[] {
  return variables.map(({ name, variable }) => ({
    name,
    shape: [...variable.shape],
    values: variable.dataSync().slice() as Float32Array,
  }))
}

function checkStates({ variables }: StepDefinition, states: readonly VariableState[]): void {
  if (states.length !== variables.length)
    throw new RangeError(`${variables.length} variables are needed, ${states.length} were given`)
  variables.forEach(({ name, variable }, index) => {
    const state = states[index]!
    if (state.name !== name || state.values.length !== variable.size)
      throw new RangeError(
        `variable ${index} is ${name} of ${variable.size} values, not ${state.name} of ${state.values.length}`,
      )
  })
}

/** The inputs in the order of the definition, checked: a wrong size would be an error deep inside TensorFlow. */
function feedsOf(definition: StepDefinition, inputs: Readonly<Record<string, Values>>, which: number): Feed[] {
  return Object.entries(shapesOf(definition)[which]!).map(([name, { shape, dtype }]) => {
    const values = inputs[name]
    if (!values) throw new RangeError(`the step needs the input ${name}`)
    const size = shape.reduce((product, length) => product * length, 1)
    if (values.length !== size)
      throw new RangeError(`input ${name} has ${values.length} values; [${shape.join(', ')}] needs ${size}`)
    return { name: graphName.input(name, which), shape: [...shape], dtype: dtypes[dtype], values }
  })
}

/** tfjs has no uint8: such an input is converted by the op that the recorded graph uses too. */
function toTensor({ shape, values }: Feed, dtype: InputDeclaration['dtype']): Tensor {
  if (dtype !== 'uint8') return tf.tensor(values, shape, dtype)
  const id = binding.createTensor(shape, binding.TF_UINT8, values)
  try {
    const cast = [
      opAttribute.type('SrcT', binding.TF_UINT8),
      opAttribute.type('DstT', binding.TF_FLOAT),
      opAttribute.bool('Truncate', false),
    ]
    return backend.createOutputTensor(binding.executeOp('Cast', cast, [id], 1)[0]!)
  } finally {
    binding.deleteTensor(id)
  }
}
