import { localError, type ErrorFields } from '../errors.js'

const h5 = (input: string) => `Convert it: pip install tensorflowjs, then tensorflowjs_converter --input_format keras ${input} model/, and upload model/model.json.`
const keras3 = (input: string) => `Save it as HDF5 (keras.models.load_model('${input}').save('model.h5')), convert that (tensorflowjs_converter --input_format keras model.h5 model/), and upload model/model.json.`

/** What a file is that is no `model.json`, and what to run to get one; null where its first bytes (and, of files without any, its name) do not say. */
export function foreignFile(path: string, head: Uint8Array): ErrorFields | null {
  const latin = Array.from(head.subarray(0, 200), (byte) => String.fromCharCode(byte)).join('')
  const name = path.split(/[\\/]/).at(-1)!
  const told = (what: string, hint: string) => localError('NOT_A_MODEL', `${path} is ${what}, not the model.json of a layers model.`, hint)
  if (latin.startsWith('\x89HDF\r\n')) return told('a Keras model in HDF5', h5(name))
  if (latin.startsWith('PK\x03\x04')) {
    const first = latin.slice(30)
    if (/^[^/]*\/(data\.pkl|version|byteorder)/.test(first)) return told('a PyTorch file', pytorch)
    if (/^(metadata\.json|config\.json|model\.weights\.h5)/.test(first)) return told('a Keras 3 model', keras3(name))
    return told('a zip archive', 'Unpack it, and give the path of the model.json in it.')
  }
  if (latin.slice(4, 8) === 'TFL3') return told('a TensorFlow Lite model, which is made for running alone', 'Take the Keras model that it was made from, and convert that by tensorflowjs_converter --input_format keras.')
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return told('a pickle of Python, perhaps of PyTorch', pytorch)
  if (/\.onnx$/i.test(name)) return told('an ONNX model, which is made for running alone', 'Take the Keras model that it was made from, or one like it, and convert that by tensorflowjs_converter --input_format keras.')
  if (/\.pb$/i.test(name)) return told('a TensorFlow graph', savedModel)
  return null
}

const pytorch = 'Weights must come from Keras: take the same network there, and convert it by tensorflowjs_converter --input_format keras.'
const savedModel = "A layers model is needed, and a saved graph has no layers any more: save the Keras model (model.save('model.h5')), and convert that by tensorflowjs_converter --input_format keras."

/** A folder without a `model.json`, by what lies in it. */
export function foreignFolder(path: string, names: readonly string[]): ErrorFields {
  const [saved] = names.filter((name) => /\.(h5|hdf5|keras)$/i.test(name))
  if (names.includes('saved_model.pb')) return localError('NOT_A_MODEL', `${path} is a SavedModel of TensorFlow.`, savedModel)
  if (saved !== undefined) return localError('NOT_A_MODEL', `${path} has no model.json, but ${saved}.`, /\.keras$/i.test(saved) ? keras3(saved) : h5(saved))
  return localError('NOT_A_MODEL', `${path} has no model.json.`, 'Give the folder that model.json and its weight files are in.')
}

/** A graph model says so, or has a list of operations where layers should be; null for what is none. */
export function graphModel(path: string, json: unknown): ErrorFields | null {
  const { format, modelTopology } = (json ?? {}) as { format?: unknown; modelTopology?: { node?: unknown } | null }
  if (format !== 'graph-model' && modelTopology?.node === undefined) return null
  return localError('NOT_A_MODEL', `${path} is a graph model, which has no layers any more.`, 'Convert the Keras model that it was made from to a layers model: tensorflowjs_converter --input_format keras --output_format tfjs_layers_model model.h5 model/.')
}
