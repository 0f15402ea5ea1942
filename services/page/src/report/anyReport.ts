import type { EvaluationReport, Report } from '@imclr/contract'

/**
 * The report of a training, or of an evaluation on another version. Only the latter says where its model was trained,
 * and only the latter may lack clean images.
 */
export type AnyReport = Omit<EvaluationReport, 'model'> & {
  model: Report['model'] & Partial<EvaluationReport['model']>
} & Partial<Pick<Report, 'training' | 'rawWeights'>>
