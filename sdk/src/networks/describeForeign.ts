import { localError, type ErrorFields } from '../errors.js'

const h5 = (input: string) =>
  `Convert it: pip install tensorflowjs, then tensorflowjs_converter --input_format keras ${input} model/, and upload model/model.json.`
const keras3 = (input: string) =>
  `Save it as HDF5 (keras.models.load_model('${input}').save('model.h5')), convert that (tensorflowjs_converter --input_format keras model.h5 model/), and upload model/model.json.`

/** The beginning and the end of a file; they may overlap. A zip archive lists its files at its end. */
export interface Ends {
  head: Uint8Array
  tail: Uint8Array
}

/**
 * Says what a file is if it is no `model.json`, and which command makes one of it. Null if neither its bytes nor its
 * name tell.
 */
export function describeForeignFile(path: string, { head, tail }: Ends): ErrorFields | null {
  const start = latin(head.subarray(0, 200))
  const name = path.split(/[\\/]/).at(-1)!
  const notAModel = (what: string, hint: string) =>
    localError('NOT_A_MODEL', `${path} is ${what}, not the model.json of a layers model.`, hint)
  if (start.startsWith('\x89HDF\r\n')) return notAModel('a Keras model in HDF5', h5(name))
  if (start.startsWith('PK\x03\x04')) {
    const { what, hint } = zipOf(name, namesInZip(tail))
    return notAModel(what, hint)
  }
  if (start.slice(4, 8) === 'TFL3') return notAModel('a TensorFlow Lite model, which can only predict', fromKeras)
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5)
    return notAModel('a Python pickle, perhaps from PyTorch', pytorch)
  if (/^[^]{5}\0\0\0\{"/.test(start)) return notAModel('a safetensors file, which has weights but no layers', pytorch)
  // Protocol buffers have no magic number. A SavedModel begins with its schema (1), an ONNX model with its version of
  // ONNX; a text or message follows.
  if (start.startsWith('\x08\x01\x12') || /\.pb$/i.test(name)) return notAModel('a TensorFlow graph', savedModel)
  const isOnnx = head[0] === 0x08 && head[1]! >= 3 && head[1]! < 32 && [0x12, 0x1a, 0x3a, 0x42].includes(head[2]!)
  if (isOnnx || /\.onnx$/i.test(name)) return notAModel('an ONNX model, which can only predict', fromKeras)
  return null
}

const latin = (bytes: Uint8Array): string =>
  Array.from({ length: Math.ceil(bytes.length / 8192) }, (_, i) =>
    String.fromCharCode(...bytes.subarray(8192 * i, 8192 * (i + 1))),
  ).join('')

/** The names in the archive's own list of files; none of the files is read. */
function namesInZip(tail: Uint8Array): string[] {
  const text = latin(tail)
  const names: string[] = []
  for (let at = text.indexOf('PK\x01\x02'); at >= 0; at = text.indexOf('PK\x01\x02', at + 46))
    names.push(text.slice(at + 46, at + 46 + (text.charCodeAt(at + 28) + 256 * text.charCodeAt(at + 29))))
  return names
}

function zipOf(name: string, names: readonly string[]): { what: string; hint: string } {
  const has = (pattern: RegExp) => names.find((one) => pattern.test(one))
  if (has(/(^|\/)model\.json$/))
    return { what: 'a zip archive', hint: 'Unpack it and give the path of its model.json.' }
  if (has(/(^|\/)data\.pkl$/)) return { what: 'a PyTorch file', hint: pytorch }
  if (has(/^config\.json$/) && has(/^(metadata\.json|model\.weights\.h5)$/))
    return { what: 'a Keras 3 model', hint: keras3(name) }
  const [keras, lite] = [has(/\.(h5|hdf5|keras)$/i), has(/\.tflite$/i)]
  if (keras !== undefined)
    return {
      what: `a zip archive with a Keras model in it, ${keras}`,
      hint: `Unpack it. ${/\.keras$/i.test(keras) ? keras3(keras) : h5(keras)}`,
    }
  if (has(/(^|\/)saved_model\.pb$/)) return { what: 'a zip archive with a SavedModel in it', hint: savedModel }
  if (lite !== undefined) return { what: `a zip archive with a TensorFlow Lite model in it, ${lite}`, hint: fromKeras }
  return { what: 'a zip archive', hint: 'Unpack it and give the path of its model.json.' }
}

const fromKeras =
  'Find the Keras model that it was made from, or a similar one, and convert that: tensorflowjs_converter --input_format keras model.h5 model/. From Teachable Machine, export for TensorFlow.js.'
const pytorch =
  "Weights must come from Keras: build or find the same network there, save it (model.save('model.h5')), and run tensorflowjs_converter --input_format keras model.h5 model/."
const savedModel =
  "The service needs a layers model, and a saved graph has lost its layers. Save the Keras model that it was made from (model.save('model.h5')), run tensorflowjs_converter --input_format keras model.h5 model/, and upload model/model.json."

/** Says what a folder without a `model.json` holds. */
export function describeForeignFolder(path: string, names: readonly string[]): ErrorFields {
  const [saved] = names.filter((name) => /\.(h5|hdf5|keras)$/i.test(name))
  if (names.includes('saved_model.pb'))
    return localError('NOT_A_MODEL', `${path} is a SavedModel of TensorFlow.`, savedModel)
  if (saved !== undefined)
    return localError(
      'NOT_A_MODEL',
      `${path} has no model.json, but ${saved}.`,
      /\.keras$/i.test(saved) ? keras3(saved) : h5(saved),
    )
  return localError(
    'NOT_A_MODEL',
    `${path} has no model.json.`,
    'Give the folder that holds model.json and its weight files.',
  )
}

/**
 * Says what is wrong with JSON that is no layers model with weights, such as the bare architecture from Keras'
 * to_json(). Null for a good one.
 */
export function describeForeignJson(path: string, json: unknown): ErrorFields | null {
  const { class_name: own, modelTopology, weightsManifest } = (json ?? {}) as Record<string, unknown>
  if (Array.isArray(weightsManifest)) return null
  const what =
    own !== undefined || modelTopology !== undefined
      ? 'the layers of a model without their weights'
      : 'not the model.json of a layers model: it lists no weights'
  return localError(
    'NOT_A_MODEL',
    `${path} is ${what}.`,
    "Save the model with its weights: with model.save() of TensorFlow.js, or with Keras' model.save('model.h5') and tensorflowjs_converter --input_format keras model.h5 model/.",
  )
}

/**
 * Says that a model is a graph model: by its own format, or because it lists operations in place of layers. Null for
 * others.
 */
export function describeGraphModel(path: string, json: unknown): ErrorFields | null {
  const { format, modelTopology } = (json ?? {}) as { format?: unknown; modelTopology?: { node?: unknown } | null }
  if (format !== 'graph-model' && modelTopology?.node === undefined) return null
  return localError(
    'NOT_A_MODEL',
    `${path} is a graph model, which has lost its layers.`,
    'Convert the Keras model that it was made from to a layers model: tensorflowjs_converter --input_format keras --output_format tfjs_layers_model model.h5 model/.',
  )
}
