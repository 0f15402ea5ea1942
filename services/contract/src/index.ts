export * from './access.js'
export * from './artifact.js'
export * from './augmentation.js'
export * from './byteSize.js'
export * from './catalogue.js'
export * from './checkpoint.js'
export * from './resolveDefinition.js'
export * from './dataset.js'
export * from './diskFull.js'
export * from './environment.js'
export * from './evaluation.js'
export * from './evaluationCost.js'
export * from './event.js'
export * from './experiment.js'
export * from './experimentReport.js'
export * from './failure.js'
export * from './ids.js'
export * from './job.js'
export * from './mergeRuns.js'
export * from './network.js'
export * from './note.js'
export * from './picturesPerInput.js'
export * from './computeMatched.js'
export * from './reinterpretRuns.js'
export * from './sameTraining.js'
export * from './uploadedNetwork.js'
export * from './trainerProcess.js'
export * from './trainingSpec.js'
export * from './trainingParts.js'
export * from './predictions.js'
export * from './plainText.js'
export * from './prepareLimits.js'
export * from './report.js'
export * from './semiSupervised.js'
export * from './stepCost.js'
export {
  projectRecord,
  experimentPlan,
  experimentRuns,
  planOf,
  recordOfRun,
  runRecord,
  type ExperimentPlan,
  type ExperimentRuns,
  type FinishedRun,
  type RunRecord,
} from './runRecord.js'
export { presetName, presetNames, type PresetName } from './presets/names.js'
export { definitionOf, type Preset, type PresetScale } from './presets/preset.js'
export { presets } from './presets/presets.js'
export {
  comparison,
  compareEvaluations,
  evaluationComparison,
  hits,
  pairedDifferenceSchema,
  type Comparison,
  type CompareOptions,
  type EvaluationComparison,
} from './statistics/compareEvaluations.js'
export {
  corruptionMeans,
  meanCorruptionError,
  type CorruptionMeans,
  type ErrorCell,
  type GridErrors,
  type MeanCorruptionError,
} from './statistics/corruptionErrors.js'
export {
  flipProbability,
  meanFlipProbability,
  meanFlipRate,
  type ComparedWith,
  type MeanFlipRate,
  type SequenceFlips,
} from './statistics/flipProbability.js'
export { hierarchicalBootstrap, type HierarchicalOptions } from './statistics/hierarchicalBootstrap.js'
export { holm } from './statistics/holm.js'
export { mcnemar, type McNemar } from './statistics/mcnemar.js'
export { median } from './statistics/median.js'
export { pairedDifference, type PairedDifference, type PairedOptions } from './statistics/pairedDifference.js'
export { reportExperiment, type ReportOptions } from './statistics/reportExperiment.js'
export { seedInterval, type SeedInterval } from './statistics/seedInterval.js'
export { wilsonInterval, z95, type Interval } from './statistics/wilson.js'
