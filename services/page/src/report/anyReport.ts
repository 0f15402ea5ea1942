import type { EvaluationReport, Report } from '@imclr/contract'

/** A training's report or that of an evaluation on another version; only the latter says where its model was trained, and may lack clean images. */
export type AnyReport = Omit<EvaluationReport, 'model'> & {
  model: Report['model'] & Partial<EvaluationReport['model']>
} & Partial<Pick<Report, 'training' | 'rawWeights'>>
