import { evaluationReport, report, type DatasetManifest, type EvaluationReport, type Report } from '@imclr/contract'
import type { Evaluation } from './measureModel.js'
import { notMeasured, reportNotes } from './reportNotes.js'

/** What an evaluation measured; a stored set has nothing clean, and no sequences. */
export type Measured = Pick<EvaluationReport, 'clean' | 'corruption' | 'perturbation' | 'calibration'>

/** The blocks of a report that tell what was measured, on how many of the test images, and how. */
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

/** The data set of a report. @param classes in the order of the model's answers */
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

/** The report of a training. @throws ZodError when a part does not fit the schema, which would be a defect of ours */
export function assembleReport({ evaluation, ...described }: ReportParts): Report {
  return report.parse({ schemaVersion: 1, ...described, ...measuredBlocks(evaluation, described.dataset.counts.test) })
}

export interface EvaluationReportParts extends Pick<EvaluationReport, 'model' | 'dataset' | 'environment'> {
  evaluation: Measured
}

/** The report of an evaluation job. @throws ZodError when a part does not fit the schema, which would be a defect of ours */
export function assembleEvaluationReport({ evaluation, ...described }: EvaluationReportParts): EvaluationReport {
  return evaluationReport.parse({
    schemaVersion: 1,
    ...described,
    ...measuredBlocks(evaluation, described.dataset.counts.test),
  })
}
