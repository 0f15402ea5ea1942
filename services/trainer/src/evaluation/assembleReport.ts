import { report, type Environment, type Report } from '@imclr/contract'
import type { Evaluation } from './measureModel.js'
import { notMeasured, reportNotes } from './reportNotes.js'

export interface ReportParts {
  model: Report['model']
  dataset: Report['dataset']
  evaluation: Evaluation
  rawWeights: Report['rawWeights']
  training: Report['training']
  environment: Environment
}

/** Puts the report together. @throws ZodError when a part does not fit the schema, which would be a defect of ours */
export function assembleReport({ model, dataset, evaluation, rawWeights, training, environment }: ReportParts): Report {
  const { clean, corruption, perturbation, calibration } = evaluation
  return report.parse({
    schemaVersion: 1,
    model,
    dataset,
    evaluated: { images: clean.images, total: dataset.counts.test },
    clean,
    corruption,
    perturbation,
    calibration,
    rawWeights,
    training,
    notes: reportNotes(evaluation),
    notMeasured: notMeasured(evaluation),
    environment,
  })
}
