import { evaluationReport, report, type DatasetManifest, type EvaluationReport, type Report } from '@imclr/contract'
import type { Evaluation } from './measureModel.js'
import { notMeasured, reportNotes } from './reportNotes.js'

/** The measurements of an evaluation. A stored set has no clean images and no sequences. */
export type Measured = Pick<EvaluationReport, 'clean' | 'corruption' | 'perturbation' | 'calibration'>

/**
 * The blocks of a report that hold the measurements, the number of test images they rest on, and the notes on how they
 * were made.
 */
export function measuredBlocks<Found extends Measured | Evaluation>(
  { clean, corruption, perturbation, calibration }: Found,
  testImages: number,
): Pick<Found, 'clean' | 'corruption' | 'perturbation' | 'calibration'> &
  Pick<Report, 'evaluated' | 'notes' | 'notMeasured'> {
  const measured = { clean, corruption, perturbation }
  return {
    evaluated: { images: clean?.images ?? 0, total: testImages },
    clean,
    corruption,
    perturbation,
    calibration,
    notes: reportNotes(measured),
    notMeasured: notMeasured(measured),
  }
}

/** The block of a report that describes the data set. @param classes in the order of the model's answers */
export function describeDataset(
  { splits, picture, classes: own, versionId, testWasGiven }: DatasetManifest,
  classes: readonly string[],
): Report['dataset'] {
  return {
    versionId,
    name: null,
    classes: [...classes],
    imageSize: { height: picture.height, width: picture.width },
    counts: { train: splits.train.count, test: splits.test.count, unlabelled: splits.unlabelled.count },
    testPerClass: classes.map((name) => splits.test.perClass[own.indexOf(name)]!),
    testWasGiven,
  }
}

export interface ReportParts extends Pick<Report, 'model' | 'dataset' | 'rawWeights' | 'training' | 'environment'> {
  evaluation: Evaluation
}

/** The report of a training. @throws ZodError when a part does not fit the schema, which would be our bug */
export function assembleReport({ evaluation, ...described }: ReportParts): Report {
  return report.parse({ schemaVersion: 1, ...described, ...measuredBlocks(evaluation, described.dataset.counts.test) })
}

export interface EvaluationReportParts extends Pick<EvaluationReport, 'model' | 'dataset' | 'environment'> {
  evaluation: Measured
}

/** The report of an evaluation job. @throws ZodError when a part does not fit the schema, which would be our bug */
export function assembleEvaluationReport({ evaluation, ...described }: EvaluationReportParts): EvaluationReport {
  return evaluationReport.parse({
    schemaVersion: 1,
    ...described,
    ...measuredBlocks(evaluation, described.dataset.counts.test),
  })
}
