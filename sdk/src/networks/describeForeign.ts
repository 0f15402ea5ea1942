import { localError, type ErrorFields } from '../errors.js'

const h5 = (input: string) =>
  `Convert it: pip install tensorflowjs, then tensorflowjs_converter --input_format keras ${input} model/, and upload model/model.json.`
const keras3 = (input: string) =>
  `Save it as HDF5 (keras.models.load_model('${input}').save('model.h5')), convert that (tensorflowjs_converter --input_format keras model.h5 model/), and upload model/model.json.`

/** The beginning and the end of a file, which may be one and the same; a zip archive lists its files at its end. */
export interface Ends {
  head: Uint8Array
  tail: Uint8Array
}

/** What a file is that is no `model.json`, and what to run to get one; null where its bytes (and, of kinds without any mark, its name) do not say. */
export function foreignFile(path: string, { head, tail }: Ends): ErrorFields | null {
  const start = latin(head.subarray(0, 200))
  const name = path.split(/[\\/]/).at(-1)!
  const told = (what: string, hint: string) =>
    localError('NOT_A_MODEL', `${path} is ${what}, not the model.json of a layers model.`, hint)
  if (start.startsWith('\x89HDF\r\n')) return told('a Keras model in HDF5', h5(name))
  if (start.startsWith('PK\x03\x04')) {
    const { what, hint } = zipOf(name, namesInZip(tail))
    return told(what, hint)
  }
  if (start.slice(4, 8) === 'TFL3') return told('a TensorFlow Lite model, which is made for running alone', fromKeras)
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return told('a pickle of Python, perhaps of PyTorch', pytorch)
  if (/^[^]{5}\0\0\0\{"/.test(start)) return told('a safetensors file, weights without layers', pytorch)
  // Protocol buffers have no mark. A SavedModel begins with its schema, 1, an ONNX model with its version of ONNX; then comes a text or message.
  if (start.startsWith('\x08\x01\x12') || /\.pb$/i.test(name)) return told('a TensorFlow graph', savedModel)
  const isOnnx = head[0] === 0x08 && head[1]! >= 3 && head[1]! < 32 && [0x12, 0x1a, 0x3a, 0x42].includes(head[2]!)
  if (isOnnx || /\.onnx$/i.test(name)) return told('an ONNX model, which is made for running alone', fromKeras)
  return null
}

const latin = (bytes: Uint8Array): string =>
  Array.from({ length: Math.ceil(bytes.length / 8192) }, (_, i) =>
    String.fromCharCode(...bytes.subarray(8192 * i, 8192 * (i + 1))),
  ).join('')

/** By the archive's list of files, without reading any of them. */
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
    return { what: 'a zip archive', hint: 'Unpack it, and give the path of the model.json in it.' }
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
  return { what: 'a zip archive', hint: 'Unpack it, and give the path of the model.json in it.' }
}

const fromKeras =
  'Take the Keras model that it was made from, or one like it, and convert that: tensorflowjs_converter --input_format keras model.h5 model/. From Teachable Machine, export for TensorFlow.js.'
const pytorch =
  "Weights must come from Keras: take the same network there, save it (model.save('model.h5')), and run tensorflowjs_converter --input_format keras model.h5 model/."
const savedModel =
  "A layers model is needed, and a saved graph has no layers any more: save the Keras model that it was made from (model.save('model.h5')), run tensorflowjs_converter --input_format keras model.h5 model/, and upload model/model.json."

/** A folder without a `model.json`, by what lies in it. */
export function foreignFolder(path: string, names: readonly string[]): ErrorFields {
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
    'Give the folder that model.json and its weight files are in.',
  )
}

/** JSON that is no layers model with its weights: the architecture alone, as Keras' to_json() gives it, or something else; null for one that is. */
export function foreignJson(path: string, json: unknown): ErrorFields | null {
  const { class_name: own, modelTopology, weightsManifest } = (json ?? {}) as Record<string, unknown>
  if (Array.isArray(weightsManifest)) return null
  const what =
    own !== undefined || modelTopology !== undefined
      ? 'the layers of a model without their weights'
      : 'not the model.json of a layers model: it lists no weights'
  return localError(
    'NOT_A_MODEL',
    `${path} is ${what}.`,
    "Save the model with its weights: by model.save() of TensorFlow.js, or by Keras' model.save('model.h5') and tensorflowjs_converter --input_format keras model.h5 model/.",
  )
}

/** A graph model says so, or has a list of operations where layers should be; null for what is none. */
export function graphModel(path: string, json: unknown): ErrorFields | null {
  const { format, modelTopology } = (json ?? {}) as { format?: unknown; modelTopology?: { node?: unknown } | null }
  if (format !== 'graph-model' && modelTopology?.node === undefined) return null
  return localError(
    'NOT_A_MODEL',
    `${path} is a graph model, which has no layers any more.`,
    'Convert the Keras model that it was made from to a layers model: tensorflowjs_converter --input_format keras --output_format tfjs_layers_model model.h5 model/.',
  )
}
