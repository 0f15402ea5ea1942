import type { Connection } from '../connection/connect.js'
import type { GoldenFile, LabelsFile } from '../generated/api.js'
import { originOf, reachabilityHint } from '../connection/proxy.js'
import { ConnectionError, ImclrError, IntegrityError, localError } from '../errors.js'
import type { Model } from './model.js'
import { decodePicture } from './decodePicture.js'

/** The part of a tfjs runtime that the SDK uses: `@tensorflow/tfjs`, `tfjs-node` and others have it. */
export interface TfjsRuntime {
  loadLayersModel(url: string, options?: { fetchFunc?: typeof fetch }): Promise<TfjsModel>
  tensor4d(values: Float32Array, shape: [number, number, number, number]): TfjsTensor
}
interface TfjsTensor {
  dispose(): void
  data(): Promise<ArrayLike<number>>
}
interface TfjsModel {
  predict(input: TfjsTensor): unknown
  dispose(): void
}

export interface Prediction<Label extends string = string> {
  label: Label
  probability: number
  /** One for each class, in the order of `labels`. */
  probabilities: number[]
}

/** A model that runs in this process. */
export interface LoadedModel<Label extends string = string> {
  labels: Label[]
  /**
   * Predicts a picture, given as a file's path or bytes (JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF). The rule that prepared
   * the data set decodes it.
   */
  predict(image: string | URL | Uint8Array): Promise<Prediction<Label>>
  /** Predicts pixels 0..255, `[n, height, width, 3]` of the model's input size. */
  predictPixels(pixels: Uint8Array | Float32Array): Promise<Prediction<Label>[]>
  /** Frees the model's memory. */
  dispose(): void
}

export interface LoadOptions {
  /** Your own tfjs runtime. @default `@tensorflow/tfjs`, which must be installed */
  runtime?: TfjsRuntime
  /** Whether the model must reproduce its golden outputs before it is returned. @default true */
  verify?: boolean
}

/**
 * How far probabilities may differ from the golden outputs: runtimes add in another order. Where the model was made the
 * tolerance is 1e-4.
 */
const goldenTolerance = 1e-3

export async function loadModel<Label extends string = string>(
  connection: Connection,
  model: Pick<Model, 'id'>,
  { runtime, verify = true }: LoadOptions,
): Promise<LoadedModel<Label>> {
  const tf = runtime ?? (await defaultRuntime())
  const { url } = await connection.api.model.url({ modelId: model.id })
  const file = async <T>(path: string) => (await (await connection.get(`/v1/models/${model.id}/${path}`)).json()) as T
  const { classes, picture } = await file<LabelsFile>('labels.json')
  const net = await tf.loadLayersModel(url, { fetchFunc: connection.fetch }).catch((error: unknown) => {
    if (error instanceof ImclrError) throw error
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error)
    throw new ConnectionError(
      {
        ...localError(
          'MODEL_UNREACHABLE',
          `Model ${model.id} could not be loaded from ${originOf(url)}: ${reason.replaceAll(/\?token=[^\s'"]*/g, '')}`,
          reachabilityHint,
        ),
        retryable: true,
      },
      { cause: error },
    )
  })
  const labels = classes as Label[]
  const { height, width } = picture

  async function predictPixels(pixels: Uint8Array | Float32Array): Promise<Prediction<Label>[]> {
    const count = pixels.length / (height * width * 3)
    if (!Number.isInteger(count) || count === 0)
      throw new RangeError(`predictPixels takes [n, ${height}, ${width}, 3] values, got ${pixels.length} values`)
    const input = tf.tensor4d(Float32Array.from(pixels), [count, height, width, 3])
    const output = net.predict(input) as TfjsTensor
    const values = Array.from(await output.data())
    input.dispose()
    output.dispose()
    return Array.from({ length: count }, (_, row) => {
      const probabilities = values.slice(row * labels.length, (row + 1) * labels.length)
      const best = probabilities.indexOf(Math.max(...probabilities))
      return { label: labels[best]!, probability: probabilities[best]!, probabilities }
    })
  }

  const loaded: LoadedModel<Label> = {
    labels,
    predictPixels,
    predict: async (image) => (await predictPixels(await decodePicture(image, picture)))[0]!,
    dispose: () => net.dispose(),
  }
  if (verify) await verifyGolden(loaded, await file<GoldenFile>('golden.json'))
  return loaded
}

async function defaultRuntime(): Promise<TfjsRuntime> {
  const tf = await import('@tensorflow/tfjs').catch((cause: unknown) => {
    throw new IntegrityError(
      localError(
        'NO_RUNTIME',
        'The package @tensorflow/tfjs is not installed.',
        'Run npm install @tensorflow/tfjs, or pass your own runtime to models.load.',
      ),
      { cause },
    )
  })
  tf.enableProdMode() // otherwise it prints an advertisement into the caller's output
  return tf as unknown as TfjsRuntime
}

async function verifyGolden(model: LoadedModel, golden: GoldenFile): Promise<void> {
  for (const { pixels, probabilities, original } of golden.cases) {
    const [answer] = await model.predictPixels(Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0)))
    const difference = Math.max(
      ...probabilities.map((expected, index) => Math.abs(expected - answer!.probabilities[index]!)),
    )
    if (difference <= goldenTolerance) continue
    model.dispose()
    throw new IntegrityError(
      localError(
        'GOLDEN_MISMATCH',
        `On ${original} the probabilities of this runtime differ by ${difference.toExponential(1)} from those that the model gave when it was made.`,
        'Use another tfjs backend, or pass verify: false if you know the reason.',
      ),
    )
  }
}
