/** The one door to TensorFlow.js: everything else imports `tf`, its types and `backend` from here. */
import { Failure } from '@imclr/contract'
import { createRequire } from 'node:module'
import { prepareEngineEnvironment } from './env.js'

import type { io } from '@tensorflow/tfjs-core'
import type * as tfjs from '@tensorflow/tfjs-node-gpu'

export type {
  LayersModel,
  Scalar,
  SymbolicTensor,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor4D,
  TensorInfo,
  Variable,
} from '@tensorflow/tfjs-node-gpu'
export type Layer = tfjs.layers.Layer
export type ModelArtifacts = io.ModelArtifacts

/** An attribute of a TensorFlow op as the addon takes it; `opAttributes.ts` makes them. */
export interface OpAttribute {
  name: string
  type: number
  value: boolean | number | number[] | string
}

export interface OutputInfo {
  id: number
  shape: number[]
  dtype: number
}

/** The part of the addon that we call ourselves. */
export interface Binding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_INT64: number
  readonly TF_UINT8: number
  readonly TF_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_Version: string
  createTensor(shape: number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array
  executeOp(name: string, attributes: OpAttribute[], inputIds: number[], outputs: number): OutputInfo[]
  loadSavedModel(folder: string, tags: string): number
  deleteSavedModel(id: number): void
  runSavedModel(id: number, inputIds: number[], inputNames: string, outputNames: string): OutputInfo[]
  isUsingGpuDevice(): boolean
}

/** What the backend knows of the data behind a tensor. */
export interface TensorData {
  shape: number[]
  dtype: number
  id: number
  values: tfjs.TypedArray | null
}

/** tfjs-node's backend: every one of its kernels runs through the two `execute` methods. */
export interface Backend {
  readonly binding: Binding
  readonly tensorMap: { get(dataId: object): TensorData }
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tfjs.TensorInfo[]): tfjs.Tensor
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: tfjs.TensorInfo[],
    outputs: number,
  ): tfjs.Tensor[]
  createOutputTensor(info: OutputInfo): tfjs.Tensor
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array>
}

prepareEngineEnvironment()

const require = createRequire(import.meta.url)
// Node 23 dropped two functions of `util` that tfjs-node 4.22 still calls.
const util = require('node:util') as Record<string, unknown>
util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
util.isArray ??= Array.isArray

function load(): typeof tfjs {
  try {
    return require('@tensorflow/tfjs-node-gpu') as typeof tfjs
  } catch (cause) {
    throw new Failure(
      'ENGINE_MISSING',
      `TensorFlow could not be loaded: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
      { cause },
    )
  }
}

export const tf = load()

export const backend = tf.backend() as unknown as Backend
export const binding = backend.binding
