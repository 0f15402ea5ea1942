import type { SemiSupervised } from '@imclr/contract'
import { consistencyLoss } from './consistencyLoss.js'
import { jointLoss } from './jointLoss.js'
import { pseudoLabelLoss } from './pseudoLabelLoss.js'
import { supervisedLoss } from './supervisedLoss.js'
import type { SupervisedLossOptions } from './supervisedLoss.js'
import type { LossTerm } from '../trainingStep.js'
import type { TrainingPass } from '../trainingPass.js'

export interface LossTermsOptions {
  supervised: SupervisedLossOptions
  unlabelled: {
    method: SemiSupervised
    /** The pass of the averaged weights, for the mean teacher. */
    teacher: TrainingPass | null
    /** Of each view: `[n, h, w, 3]`; and others that the step may be run with. */
    shape: readonly [number, number, number, number]
    otherShapes?: readonly (readonly [number, number, number, number])[]
  } | null
}

/**
 * The terms whose sum is the loss of a spec. Each is reported under its name; `unlabelled` is reported before its
 * weight.
 */
export function lossTerms({ supervised, unlabelled }: LossTermsOptions): LossTerm[] {
  const { pass, classes } = supervised
  const labelled = supervisedLoss(supervised)
  if (unlabelled === null) return [labelled]
  const { method, teacher, shape, otherShapes } = unlabelled
  switch (method.method) {
    case 'pi-model': {
      const consistency = { pass, target: pass, attached: method.target === 'attached', shape, otherShapes }
      return method.batch === 'joint'
        ? [jointLoss({ supervised, consistency })]
        : [labelled, consistencyLoss(consistency)]
    }
    case 'mean-teacher':
      if (teacher === null) throw new RangeError('a mean teacher needs averaged weights')
      return [labelled, consistencyLoss({ pass, target: teacher, attached: false, shape, otherShapes })]
    case 'pseudo-label':
      return [labelled, pseudoLabelLoss({ pass, threshold: method.threshold, shape, classes })]
  }
}
