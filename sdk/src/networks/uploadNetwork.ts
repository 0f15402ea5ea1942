import type { Connection } from '../connection/connect.js'
import { sendUpload } from '../datasets/sendUpload.js'
import { openSource } from '../datasets/source.js'
import { BadInputError, localError } from '../errors.js'
import type { CreateNetworkRequest, NetworkSummary } from '../generated/api.js'
import { foreignFile, foreignFolder, graphModel } from './foreignFile.js'

export interface NetworkUploadOptions extends Pick<CreateNetworkRequest, 'normalisation' | 'licence'> {
  /** @default the name of the folder that model.json is in */
  name?: string
  onProgress?: (progress: { bytes: number; totalBytes: number }) => void
  signal?: AbortSignal
}

/** Where there are no files: the text of model.json, and the bytes of all files of its manifest, one after the other. */
export interface NetworkFiles {
  model: string
  weights: Blob | Uint8Array
}

/**
 * Uploads a layers model of TensorFlow.js, `model.json` (or its folder) and the weight files beside it, to be trained or fine-tuned. The same network
 * again is the same id.
 *
 * @throws BadInputError with every layer that cannot be had in `issues`
 */
export async function uploadNetwork(connection: Connection, from: string | URL | NetworkFiles, options: NetworkUploadOptions = {}): Promise<NetworkSummary> {
  const { name, normalisation, licence, onProgress, signal } = options
  const files = typeof from === 'string' || from instanceof URL ? await readFiles(from) : { name: 'network', ...from }
  const network = name ?? files.name
  const source = await openSource(files.weights, { name: 'weights.bin' })
  try {
    return await sendUpload(connection, {
      source, name: network, signal,
      onSent: (bytes) => onProgress?.({ bytes, totalBytes: source.bytes }),
      complete: (uploadId, parts) => connection.api.network.create({ uploadId, parts, name: network, model: files.model, normalisation, licence }, { signal, idempotencyKey: `network-${uploadId}` }),
    })
  } finally {
    await source.close()
  }
}

async function readFiles(path: string | URL): Promise<NetworkFiles & { name: string }> {
  const [{ readFile, readdir, stat }, { basename, dirname, isAbsolute, relative, resolve }, { fileURLToPath }] = await Promise.all([import('node:fs/promises'), import('node:path'), import('node:url')])
  const given = resolve(path instanceof URL ? fileURLToPath(path) : path)
  const names = (await stat(given).catch(() => null))?.isDirectory() ? await readdir(given) : null
  if (names !== null && !names.includes('model.json')) throw new BadInputError(foreignFolder(given, names))
  const file = names === null ? given : resolve(given, 'model.json')
  const folder = dirname(file)
  const read = (one: string) => readFile(one).catch((cause: unknown) => {
    throw new BadInputError(localError('NO_SUCH_FILE', `${one} cannot be read: ${(cause as Error).message}`, 'Give the path of model.json; its weight files must lie beside it.'), { cause })
  })
  const content = await read(file)
  const foreign = foreignFile(file, content.subarray(0, 256))
  if (foreign !== null) throw new BadInputError(foreign)
  const model = content.toString()
  const parts = pathsOf(model, file).map((part) => {
    const whole = resolve(folder, part)
    const inside = relative(folder, whole)
    // A file from elsewhere must not have other files of this machine sent.
    if (isAbsolute(part) || inside.startsWith('..') || isAbsolute(inside)) throw new BadInputError(localError('PATH_LEAVES_FOLDER', `${file} names the weight file ${part}, which is not beside it.`, 'Put all files of the model into one folder.'))
    return whole
  })
  const weights = []
  for (const part of parts) weights.push(new Uint8Array(await read(part)))
  return { name: basename(folder), model, weights: new Blob(weights) }
}

/** The files of the manifest, in its order. */
function pathsOf(model: string, file: string): string[] {
  try {
    const json = JSON.parse(model) as { weightsManifest: { paths: string[] }[] }
    const graph = graphModel(file, json)
    if (graph !== null) throw new BadInputError(graph)
    const { weightsManifest } = json
    return weightsManifest.flatMap(({ paths }) => paths.map(String))
  } catch (cause) {
    if (cause instanceof BadInputError) throw cause
    throw new BadInputError(localError('NOT_A_MODEL', `${file} is not the model.json of a layers model: ${(cause as Error).message}`, 'Save it by model.save() of TensorFlow.js, or convert it by tensorflowjs_converter.'), { cause })
  }
}
