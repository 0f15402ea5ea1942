import type {
  Calibration,
  CleanMetrics,
  CorruptionBlock,
  EvaluationSpec,
  PerturbationBlock,
  Predictions,
  Report,
} from '@imclr/contract'
import type { JpegRoundTrip } from '../image/corruption/prepareCorruption.js'
import { tableFor } from '../image/corruption/table.js'
import { measureGrid, type Grid } from './corruptionGrid.js'
import { evaluatePerturbations, framesPerImage } from './evaluatePerturbations.js'
import { generatedBytes, generatedCells } from './generatedCells.js'
import { predictedClasses } from './metrics/answers.js'
import { CalibrationBins } from './metrics/calibration.js'
import { cleanMetrics } from './metrics/cleanMetrics.js'
import { largestSet, noCache, type PictureCache } from './pictureCache.js'
import { corruptionAgainst, flipsAgainst, type Reference } from './reference.js'
import { openSession, type Session, type SessionOptions } from './session.js'
import { stratifiedPart } from './stratifiedPart.js'
import { imageBytes, type TestSplit } from './testSplit.js'

/** Turns bytes into probabilities: uint8 `[count, h, w, 3]` into float32 `[count, classes]`. */
export type Predict = (images: Uint8Array, count: number) => Promise<Float32Array> | Float32Array

export interface EvaluateOptions extends Pick<SessionOptions, 'onProgress' | 'clock' | 'signal' | 'batch' | 'subject'> {
  predict: Predict
  test: TestSplit
  spec: Pick<EvaluationSpec, 'corruptionImages'> & Partial<Pick<EvaluationSpec, 'perturbationImages'>>
  /**
   * Decides the corruptions and which images are corrupted. Models measured with different seeds cannot be compared
   * pairwise under corruption.
   */
  seed: number
  jpeg: JpegRoundTrip
  /** The model that mCE and mFR compare with. */
  reference?: Reference | undefined
  /** Opens the cache for the changed pictures of a set. `set` is what decides which pictures these are. */
  cacheFor?: (set: string) => PictureCache
}

export interface Evaluation {
  clean: CleanMetrics
  corruption: CorruptionBlock | null
  perturbation: PerturbationBlock | null
  calibration: { clean: Calibration } & Pick<Report['calibration'], 'corrupted' | 'perSeverity'>
  predictions: Predictions
}

/**
 * Evaluates a model on the whole test split. On stratified parts of the split it also evaluates the model under every
 * corruption at every severity, and along sequences of perturbed pictures. It keeps only bytes and counts, and works on
 * some images at a time.
 *
 * @throws Failure LOSS_NOT_FINITE when an answer is not finite; Error when `predict` returns the wrong number of
 *   values; the signal's reason when the signal is aborted
 */
export async function measureModel(options: EvaluateOptions): Promise<Evaluation> {
  const { test, spec, seed, jpeg, reference, cacheFor = () => noCache } = options
  const { labels, versionId } = test
  const rows = chosenRows(labels, spec.corruptionImages, seed)
  const sequenceRows = chosenRows(labels, spec.perturbationImages ?? 'none', seed)
  const corruptionTotal = generatedBytes(test, rows.length)
  const sequencesTotal = sequenceRows.length * framesPerImage(test) * imageBytes(test)
  const session = openSession({
    ...options,
    classes: test.classes.length,
    imageBytes: imageBytes(test),
    total: labels.length + (corruptionTotal + sequencesTotal) / imageBytes(test),
  })
  const cacheOf = (set: string, bytes: number) => (bytes <= largestSet ? cacheFor(set) : noCache)

  const clean = await evaluateClean(test, session)
  let grid: Grid | null = null
  let corruption: CorruptionBlock | null = null
  if (rows.length > 0) {
    const cache = cacheOf(`${rows.length}-procedural`, corruptionTotal)
    grid = await measureGrid(
      generatedCells({ test, rows, seed, jpeg, cache }),
      Uint16Array.from(rows, (row) => labels[row]!),
      session,
    )
    const { cells, meanError, perSeverity, perCorruption } = grid
    const wrong = rows.reduce((sum, row) => sum + (clean.predicted[row] === labels[row] ? 0 : 1), 0)
    const block = {
      table: tableFor(test.height, test.width),
      stored: false,
      images: rows.length,
      total: labels.length,
      seed,
      frost: 'procedural',
      cells,
      meanError,
      perSeverity,
      perCorruption,
      cleanErrorOfSameImages: wrong / rows.length,
    }
    corruption = { ...block, reference: corruptionAgainst(reference, versionId, block) }
  }
  const sequences =
    sequenceRows.length > 0
      ? await evaluatePerturbations(
          { test, rows: sequenceRows, seed, cache: cacheOf(`${sequenceRows.length}`, sequencesTotal) },
          session,
        )
      : null
  return {
    clean: clean.metrics,
    corruption,
    perturbation: sequences && { ...sequences, reference: flipsAgainst(reference, versionId, sequences) },
    calibration: {
      clean: clean.calibration,
      corrupted: grid?.calibration.corrupted ?? null,
      perSeverity: grid?.calibration.perSeverity ?? [],
    },
    predictions: {
      versionId,
      classes: test.classes.length,
      images: labels.length,
      ids: null,
      labels,
      probabilities: clean.probabilities,
      corruption: corruption && { seed, table: corruption.table, frost: corruption.frost },
      cells: corruption
        ? corruption.cells.map(({ corruption: name, severity, benchmark }) => ({
            corruption: name,
            severity,
            benchmark,
          }))
        : [],
      corruptedRows: rows,
      corruptedClasses: grid?.predicted ?? new Uint16Array(),
    },
  }
}

/** @returns positions in the split, ascending */
export function chosenRows(labels: Uint16Array, wanted: number | 'all' | 'none', seed: number): Uint32Array {
  return wanted === 'none' ? new Uint32Array() : stratifiedPart(labels, wanted === 'all' ? labels.length : wanted, seed)
}

async function evaluateClean(test: TestSplit, session: Session) {
  const { labels, images } = test
  const { classes } = session
  const probabilities = new Float32Array(labels.length * classes)
  await session.ask(
    images.subarray(0, labels.length * imageBytes(test)),
    { phase: 'clean', change: null, severity: null },
    (some, first) => probabilities.set(some, first * classes),
  )
  const answers = { probabilities, labels, classes }
  const predicted = predictedClasses(answers)
  const bins = new CalibrationBins()
  bins.add(answers, predicted)
  return { metrics: cleanMetrics(answers, test.classes), calibration: bins.result(), probabilities, predicted }
}
