import { tf, type Variable } from '../../engine/tf.js'

/**
 * Exponential moving average: average = decay * average + (1 - decay) * value (Polyak averaging as used by Tarvainen
 * and Valpola 2017).
 */
export function updateMovingAverage({ average, value }: { average: Variable; value: Variable }, decay: number): void {
  tf.tidy(() => average.assign(tf.add(average, tf.mul(tf.sub(value, average), 1 - decay)) as Variable))
}
