import type { SemiSupervised } from '@imclr/contract'
import { consistencyLoss } from './consistencyLoss.js'
import { pseudoLabelLoss } from './pseudoLabelLoss.js'
import type { LossTerm } from './trainingStep.js'
import type { TrainingPass } from './trainingPass.js'

export interface UnlabelledLossOptions {
  pass: TrainingPass
  /** The pass of the averaged weights, for the mean teacher. */
  teacher: TrainingPass | null
  /** Of each view: `[n, h, w, 3]`. */
  shape: readonly [number, number, number, number]
  classes: number
}

/** The term of the unlabelled images that a spec asks for. */
export function unlabelledLoss(method: SemiSupervised, { pass, teacher, shape, classes }: UnlabelledLossOptions): LossTerm {
  switch (method.method) {
    case 'pi-model':
      return consistencyLoss({ pass, target: pass, attached: method.target === 'attached', shape })
    case 'mean-teacher':
      return consistencyLoss({ pass, target: teacher!, attached: false, shape })
    case 'pseudo-label':
      return pseudoLabelLoss({ pass, threshold: method.threshold, shape, classes })
  }
}
