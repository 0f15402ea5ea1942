import { Failure } from '@imclr/contract'
import type { TrainingPosition } from '@imclr/contract'

/** The answers of a network: `[pictures, classes]`, one row after the other. */
export interface Outputs {
  values: ArrayLike<number>
  classes: number
}

/**
 * Throws if a model's answers are not finite. Every caller uses this one function. Such answers mean that the weights,
 * the statistics or the values computed from them have grown beyond the range of float32. Training the model again in
 * the same way gives the same result.
 *
 * @param subject the name of the model, as in "the model after epoch 3"
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

/** Names the model of a training by the position of the training. */
export const modelAfter = ({ epoch, step, sums }: Pick<TrainingPosition, 'epoch' | 'step' | 'sums'>): string =>
  `the model after ${sums.steps === 0 ? `epoch ${epoch}` : `step ${step}, in epoch ${epoch + 1},`}`
