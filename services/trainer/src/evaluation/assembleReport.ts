import { report, type Environment, type EpochRecord, type Report } from '@imclr/contract'
import type { Evaluation } from './evaluate.js'
import { notMeasured, reportNotes } from './reportNotes.js'

export interface ReportParts {
  model: Report['model']
  dataset: Report['dataset']
  evaluation: Evaluation
  epochs: readonly EpochRecord[]
  environment: Environment
}

/** Puts the report together. @throws ZodError when a part does not fit the schema, which would be a defect of ours */
export function assembleReport({ model, dataset, evaluation, epochs, environment }: ReportParts): Report {
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
    training: { epochs },
    notes: reportNotes(evaluation),
    notMeasured: notMeasured(evaluation),
    environment,
  })
}
