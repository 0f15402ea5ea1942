import { Failure } from '@imclr/contract'
import type { TrainingPosition } from '@imclr/contract'

/** What the answers of a network are: `[pictures, classes]`, one row after the other. */
export interface Outputs {
  values: ArrayLike<number>
  classes: number
}

/**
 * The one place that says that a model's answers are no numbers, whoever asked it: its weights, its statistics or what it makes of them have
 * grown beyond what float32 can hold. Training it again in the same way gives the same.
 *
 * @param subject which model, as in "the model after epoch 3"
 * @throws Failure LOSS_NOT_FINITE
 */
export function refuseNotFinite({ values, classes }: Outputs, subject: string): void {
  let pictures = 0
  for (let row = 0; row < values.length; row += classes) {
    for (let i = row; i < row + classes; i++) {
      if (Number.isFinite(values[i])) continue
      pictures++
      break
    }
  }
  if (pictures === 0) return
  throw new Failure(
    'LOSS_NOT_FINITE',
    `${subject} gives no finite outputs: for ${pictures} of the ${values.length / classes} pictures that it was asked about they are NaN or infinite, so its training has diverged`,
  )
}

/** The model of a training, by how far that has come. */
export const modelAfter = ({ epoch, step, sums }: Pick<TrainingPosition, 'epoch' | 'step' | 'sums'>): string =>
  `the model after ${sums.steps === 0 ? `epoch ${epoch}` : `step ${step}, in epoch ${epoch + 1},`}`
