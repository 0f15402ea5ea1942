import { corruptionMeans } from '@imclr/statistics'
import { type Calibration, type CorruptionBlock, type Report } from '@imclr/contract'
import { predictedClasses } from './metrics/answers.js'
import { CalibrationBins } from './metrics/calibration.js'
import type { Session } from './session.js'

/** One corruption at one severity. Its pictures may be made here or read from a stored set. */
export interface GridCell extends Pick<
  CorruptionBlock['cells'][number],
  'corruption' | 'group' | 'benchmark' | 'severity' | 'parameters'
> {
  /** Gives the pictures as uint8 `[n, h, w, 3]`, some at a time, in the order of the labels. */
  pictures(): AsyncIterable<Uint8Array>
}

export interface Grid extends Pick<CorruptionBlock, 'cells' | 'meanError' | 'perSeverity' | 'perCorruption'> {
  /** Calibration under the benchmark's corruptions: all together, and by severity. */
  calibration: { corrupted: Calibration; perSeverity: Report['calibration']['perSeverity'] }
  /** [cells, images] */
  predicted: Uint16Array
}

/** Measures the model on every cell. @param labels the labels of the images, which are the same in all cells */
export async function measureGrid(cells: readonly GridCell[], labels: Uint16Array, session: Session): Promise<Grid> {
  const { classes } = session
  const predicted = new Uint16Array(cells.length * labels.length)
  const measured: CorruptionBlock['cells'] = []
  const bins = new CalibrationBins()
  const binsOf = new Map<number, CalibrationBins>()
  for (const [place, { pictures, ...cell }] of cells.entries()) {
    const { severity, benchmark } = cell
    const own = binsOf.get(severity) ?? new CalibrationBins()
    binsOf.set(severity, own)
    const start = place * labels.length
    let done = 0
    for await (const images of pictures()) {
      const chunk = done
      await session.ask(images, { phase: 'corruption', change: cell.corruption, severity }, (probabilities, first) => {
        const found = predictedClasses({ probabilities, classes })
        predicted.set(found, start + chunk + first)
        done = chunk + first + found.length
        if (!benchmark) return
        const answers = { probabilities, labels: labels.subarray(chunk + first, done), classes }
        bins.add(answers, found)
        own.add(answers, found)
      })
    }
    if (done !== labels.length)
      throw new Error(`${cell.corruption} ${severity} has ${done} pictures for ${labels.length} labels`)
    const wrong = labels.reduce((sum, label, i) => sum + (predicted[start + i] === label ? 0 : 1), 0)
    measured.push({ ...cell, error: wrong / labels.length, images: labels.length })
  }
  const perSeverity = [...binsOf]
    .sort(([a], [b]) => a - b)
    .map(([severity, gathered]) => {
      const { images, ece } = gathered.result()
      return { severity, images, ece }
    })
  return {
    cells: measured,
    ...corruptionMeans(measured),
    calibration: { corrupted: bins.result(), perSeverity },
    predicted,
  }
}
