import type { Connection } from '../connection/connect.js'
import { sendUpload } from '../datasets/sendUpload.js'
import { openSource } from '../datasets/source.js'
import { BadInputError, localError } from '../errors.js'
import type { CreateNetworkRequest, NetworkSummary } from '../generated/api.js'
import {
  describeForeignFile,
  describeForeignFolder,
  describeForeignJson,
  describeGraphModel,
} from './describeForeign.js'

export interface NetworkUploadOptions extends Pick<CreateNetworkRequest, 'normalisation' | 'licence'> {
  /** The network's name. @default the name of the folder that holds model.json */
  name?: string
  onProgress?: (progress: { bytes: number; totalBytes: number }) => void
  signal?: AbortSignal
}

/**
 * A network without files on a disk: the text of model.json, and the bytes of all weight files, in the manifest's
 * order.
 */
export interface NetworkFiles {
  model: string
  weights: Blob | Uint8Array
}

export async function uploadNetwork(
  connection: Connection,
  from: string | URL | NetworkFiles,
  options: NetworkUploadOptions,
): Promise<NetworkSummary> {
  const { name, normalisation, licence, onProgress, signal } = options
  const files = typeof from === 'string' || from instanceof URL ? await readFiles(from) : { name: 'network', ...from }
  const network = name ?? files.name
  const source = await openSource(files.weights, { name: 'weights.bin' })
  try {
    return await sendUpload(connection, {
      source,
      name: network,
      signal,
      onSent: (bytes) => onProgress?.({ bytes, totalBytes: source.bytes }),
      complete: (uploadId, parts) =>
        connection.api.network.create(
          { uploadId, parts, name: network, model: files.model, normalisation, licence },
          { signal, idempotencyKey: `network-${uploadId}` },
        ),
    })
  } finally {
    await source.close()
  }
}

async function readFiles(path: string | URL): Promise<NetworkFiles & { name: string }> {
  const [{ open, readFile, readdir, stat }, { basename, dirname, isAbsolute, relative, resolve }, { fileURLToPath }] =
    await Promise.all([import('node:fs/promises'), import('node:path'), import('node:url')])
  const given = resolve(path instanceof URL ? fileURLToPath(path) : path)
  const names = (await stat(given).catch(() => null))?.isDirectory() ? await readdir(given) : null
  const file = names === null ? given : resolve(given, 'model.json')
  const folder = dirname(file)
  const unreadable =
    (one: string) =>
    (cause: unknown): never => {
      throw new BadInputError(
        localError(
          'NO_SUCH_FILE',
          `${one} cannot be read: ${(cause as Error).message}`,
          'Give the path of model.json; its weight files must be in the same folder.',
        ),
        { cause },
      )
    }
  const read = (one: string) => readFile(one).catch(unreadable(one))
  // A model.json is small. Another file may have gigabytes, and its two ends are enough to name it.
  const endsOf = async (one: string) => {
    const handle = await open(one)
    try {
      const { size } = await handle.stat()
      const from = async (position: number) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, position)
        return buffer.subarray(0, bytesRead)
      }
      return { head: await from(0), tail: await from(Math.max(0, size - 2 ** 20)) }
    } finally {
      await handle.close()
    }
  }
  if (names !== null && !names.includes('model.json')) {
    const other = names.find((one) => /\.(zip|tflite|onnx|pt|pth|safetensors)$/i.test(one))
    const told =
      other === undefined
        ? null
        : describeForeignFile(resolve(given, other), await endsOf(resolve(given, other)).catch(unreadable(other)))
    throw new BadInputError(told ?? describeForeignFolder(given, names))
  }
  const foreign = describeForeignFile(file, await endsOf(file).catch(unreadable(file)))
  if (foreign !== null) throw new BadInputError(foreign)
  const model = (await read(file)).toString()
  const parts = pathsOf(model, file).map((part) => {
    const whole = resolve(folder, part)
    const inside = relative(folder, whole)
    // A model.json from elsewhere must not make us send other files of this machine.
    if (isAbsolute(part) || inside.startsWith('..') || isAbsolute(inside))
      throw new BadInputError(
        localError(
          'PATH_LEAVES_FOLDER',
          `${file} names the weight file ${part}, which is outside its folder.`,
          'Put all files of the model into one folder.',
        ),
      )
    return whole
  })
  const weights = []
  for (const part of parts) weights.push(new Uint8Array(await read(part)))
  return { name: basename(folder), model, weights: new Blob(weights) }
}

/** The weight files that the manifest lists, in its order. */
function pathsOf(model: string, file: string): string[] {
  try {
    const json = JSON.parse(model) as { weightsManifest: { paths: string[] }[] }
    const other = describeGraphModel(file, json) ?? describeForeignJson(file, json)
    if (other !== null) throw new BadInputError(other)
    const { weightsManifest } = json
    return weightsManifest.flatMap(({ paths }) => paths.map(String))
  } catch (cause) {
    if (cause instanceof BadInputError) throw cause
    throw new BadInputError(
      localError(
        'NOT_A_MODEL',
        `${file} is not the model.json of a layers model: ${(cause as Error).message}`,
        'Save the model with model.save() of TensorFlow.js, or convert it with tensorflowjs_converter.',
      ),
      { cause },
    )
  }
}
