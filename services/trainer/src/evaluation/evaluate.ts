import { corruptionMeans, meanCorruptionError, type Calibration, type CleanMetrics, type CorruptionBlock, type GridErrors, type Predictions } from '@imclr/contract'
import { prepareCorruption, type JpegRoundTrip } from './corruption/corrupt.js'
import type { Photograph } from './corruption/imageCorruption.js'
import { corruptionNames, corruptions, severities, tableFor } from './corruption/table.js'
import { predictedClasses } from './metrics/answers.js'
import { CalibrationBins } from './metrics/calibration.js'
import { cleanMetrics } from './metrics/cleanMetrics.js'
import { stratifiedPart } from './stratifiedPart.js'

/** Bytes in, probabilities out: uint8 `[count, h, w, 3]` to float32 `[count, classes]`. */
export type Predict = (images: Uint8Array, count: number) => Promise<Float32Array> | Float32Array

export interface TestSplit {
  /** uint8 `[count, height, width, 3]` */
  images: Uint8Array
  labels: Uint16Array
  height: number
  width: number
  classes: readonly string[]
  versionId: string
  /** Names of the images in order; null: their position is their name. */
  ids: readonly string[] | null
}

export interface EvaluationProgress {
  phase: 'clean' | 'corruption'
  /** Predictions done and to do, clean and corrupted together. */
  done: number
  total: number
  corruption: string | null
  severity: number | null
  imagesPerSecond: number
  secondsLeft: number
}

export interface EvaluateOptions {
  predict: Predict
  test: TestSplit
  spec: { corruptionImages: number | 'all' | 'none' }
  /** Of the corruptions and of which images are corrupted. Models with different ones cannot be compared pairwise under corruption. */
  seed: number
  jpeg: JpegRoundTrip
  /** Decoded photographs of frost, and where they are from; without them frost is procedural. */
  frost?: { photographs: readonly Photograph[]; source: string }
  /** The named model of mCE. */
  reference?: { modelId: string; name: string } & GridErrors
  onProgress?: (progress: EvaluationProgress) => void
  /** Seconds since some start; for time left. */
  clock?: () => number
  signal?: AbortSignal
  /** How many images are corrupted and predicted at once. */
  batch?: number
}

export interface Evaluation {
  clean: CleanMetrics
  corruption: CorruptionBlock | null
  calibration: { clean: Calibration; corrupted: Calibration | null }
  predictions: Predictions
}

/**
 * Evaluates a model on the whole test split, and on a stratified part of it under 19 corruptions at 5 severities. Only bytes and counts are
 * kept, one batch at a time.
 *
 * @throws Error when `predict` answers with another number of values; the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { test, spec, seed } = options
  const count = test.labels.length
  const wanted = spec.corruptionImages === 'none' ? 0 : spec.corruptionImages === 'all' ? count : spec.corruptionImages
  const rows = wanted === 0 ? new Uint32Array() : stratifiedPart(test.labels, wanted, seed)
  const advance = progressMeter(options, count + rows.length * corruptionNames.length * severities.length)

  const answers = { probabilities: new Float32Array(count * test.classes.length), labels: test.labels, classes: test.classes.length }
  for (const { first, size } of batches(count, options.batch)) {
    const images = test.images.subarray(first * imageBytes(test), (first + size) * imageBytes(test))
    answers.probabilities.set(await predictChecked(options, images, size), first * answers.classes)
    advance({ phase: 'clean', corruption: null, severity: null }, size)
  }
  const bins = new CalibrationBins()
  bins.add(answers, predictedClasses(answers))
  const clean = cleanMetrics(answers, test.classes)

  const corrupted = rows.length > 0 ? await evaluateCorruptions(options, { rows, cleanClasses: predictedClasses(answers), advance }) : null
  const block = corrupted && { ...corrupted.block, reference: options.reference ? compareToReference(options.reference, corrupted.block) : null }
  return {
    clean,
    corruption: block,
    calibration: { clean: bins.result(), corrupted: corrupted?.calibration ?? null },
    predictions: {
      versionId: test.versionId,
      classes: answers.classes,
      images: count,
      ids: test.ids ? [...test.ids] : null,
      labels: test.labels,
      probabilities: answers.probabilities,
      corruption: block && { seed, table: block.table, frost: block.frost },
      cells: block ? block.cells.map(({ corruption, severity, benchmark }) => ({ corruption, severity, benchmark })) : [],
      corruptedRows: rows,
      corruptedClasses: corrupted?.predicted ?? new Uint16Array(),
    },
  }
}

type Advance = (where: Pick<EvaluationProgress, 'phase' | 'corruption' | 'severity'>, images: number) => void

interface Part {
  rows: Uint32Array
  /** [test images], predicted on the clean ones */
  cleanClasses: Uint16Array
  advance: Advance
}

async function evaluateCorruptions(options: EvaluateOptions, { rows, cleanClasses, advance }: Part) {
  const { test, seed, jpeg, frost } = options
  const { height, width } = test
  const classes = test.classes.length
  const size = imageBytes(test)
  const table = tableFor(height, width)
  const labels = Uint16Array.from(rows, (row) => test.labels[row]!)
  const predicted = new Uint16Array(corruptionNames.length * severities.length * rows.length)
  const cells: CorruptionBlock['cells'] = []
  const bins = new CalibrationBins()
  for (const name of corruptionNames) {
    const { group, benchmark, parameters } = corruptions[name]
    for (const severity of severities) {
      const start = cells.length * rows.length
      const apply = prepareCorruption({ height, width, name, severity, seed, table, jpeg, frost: frost?.photographs })
      for (const { first, size: count } of batches(rows.length, options.batch)) {
        const indices = rows.subarray(first, first + count)
        const out = await apply({ images: gather(test.images, indices, size), count, indices })
        const answers = { probabilities: await predictChecked(options, out, count), labels: labels.subarray(first, first + count), classes }
        const found = predictedClasses(answers)
        predicted.set(found, start + first)
        if (benchmark) bins.add(answers, found)
        advance({ phase: 'corruption', corruption: name, severity }, count)
      }
      const wrong = labels.reduce((sum, label, i) => sum + (predicted[start + i] === label ? 0 : 1), 0)
      cells.push({ corruption: name, group, benchmark, severity, error: wrong / rows.length, images: rows.length, parameters: parameters(table, severity) })
    }
  }
  const cleanWrong = rows.reduce((sum, row) => sum + (cleanClasses[row] === test.labels[row] ? 0 : 1), 0)
  const block = {
    table,
    images: rows.length,
    total: test.labels.length,
    seed,
    frost: frost?.source ?? 'procedural',
    cells,
    ...corruptionMeans(cells),
    cleanErrorOfSameImages: cleanWrong / rows.length,
  }
  return { block, calibration: bins.result(), predicted }
}

function compareToReference(reference: NonNullable<EvaluateOptions['reference']>, block: Omit<CorruptionBlock, 'reference'>) {
  const { modelId, name } = reference
  return { modelId, name, ...meanCorruptionError({ cleanError: block.cleanErrorOfSameImages, cells: block.cells }, reference) }
}

const imageBytes = ({ height, width }: TestSplit) => height * width * 3

function* batches(count: number, batch = 250) {
  for (let first = 0; first < count; first += batch) yield { first, size: Math.min(batch, count - first) }
}

function gather(images: Uint8Array, rows: Uint32Array, size: number): Uint8Array {
  const out = new Uint8Array(rows.length * size)
  rows.forEach((row, i) => out.set(images.subarray(row * size, (row + 1) * size), i * size))
  return out
}

async function predictChecked({ predict, test, signal }: EvaluateOptions, images: Uint8Array, count: number): Promise<Float32Array> {
  signal?.throwIfAborted()
  const probabilities = await predict(images, count)
  const expected = count * test.classes.length
  if (probabilities.length !== expected) throw new Error(`the model answered with ${probabilities.length} values for ${count} images, ${expected} expected`)
  return probabilities
}

function progressMeter({ onProgress, clock = () => performance.now() / 1000 }: EvaluateOptions, total: number): Advance {
  const start = clock()
  let done = 0
  return (where, images) => {
    done += images
    const rate = done / Math.max(1e-9, clock() - start)
    onProgress?.({ ...where, done, total, imagesPerSecond: rate, secondsLeft: (total - done) / rate })
  }
}
