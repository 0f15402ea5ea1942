import { stackedUnlabelled } from '@imclr/contract'
import type { SemiSupervised, TrainingSpec } from '@imclr/contract'

/** The optimizer as "SGD, momentum 0.9 (Nesterov), weight decay 0.0005". */
export function optimizerInWords({ optimizer, weightDecay, decay, clipNorm }: TrainingSpec): string {
  const parts = [nameOf(optimizer), `weight decay ${weightDecay}${decay === 'kernels' ? ' of kernels alone' : ''}`]
  if (clipNorm !== null) parts.push(`gradients cut to a norm of ${clipNorm}`)
  return parts.join(', ')
}

function nameOf(optimizer: TrainingSpec['optimizer']): string {
  if (optimizer.kind === 'sgd') return `SGD, momentum ${optimizer.momentum}${optimizer.nesterov ? ' (Nesterov)' : ''}`
  const { kind, beta1, beta1End, beta2, epsilon } = optimizer
  return `${kind === 'adam' ? 'Adam' : 'AdamW'}, beta ${beta1}${beta1End === null ? '' : ` to ${beta1End}`} and ${beta2}, epsilon ${epsilon}`
}

/** The learning rate as "0.1, to zero by half a cosine, linear ramp up over 5 epochs". */
export function scheduleInWords({ learningRate, schedule, rampUp, rampDown }: TrainingSpec): string {
  const ramps = Object.entries({ up: rampUp, down: rampDown }).flatMap(([way, ramp]) =>
    ramp === null ? [] : [`${ramp.shape === 'linear' ? 'linear' : 'Gaussian'} ramp ${way} over ${ramp.epochs} epochs`],
  )
  return [learningRate, courseOf(schedule), ...ramps].join(', ')
}

/**
 * The semi-supervised part as "Pi-model on 4,000 images without their labels (unlabelled), 1 for each labelled input, 2
 * stacked to one, weight 10, linear ramp up over 40 % of the steps".
 */
export function semiSupervisedInWords(spec: TrainingSpec & { semiSupervised: SemiSupervised }, images: number): string {
  const { semiSupervised } = spec
  const { method, from, ratio, weight, rampUp } = semiSupervised
  const k = stackedUnlabelled(spec)
  return [
    `${names[method]} on ${images.toLocaleString('en-US')} images without their labels (${from.join(', ')}), ${ratio} for each labelled input`,
    ...(k > 1 ? [`${k} stacked to one`] : []),
    ...(semiSupervised.method === 'pi-model' && semiSupervised.target === 'attached'
      ? ['gradients through both views']
      : []),
    ...(semiSupervised.method === 'pi-model' && semiSupervised.batch === 'joint'
      ? ['in one batch with the labelled ones']
      : []),
    ...(semiSupervised.method === 'pseudo-label' ? [`threshold ${semiSupervised.threshold}`] : []),
    `weight ${weight}`,
    ...(rampUp
      ? [
          `${rampUp.shape === 'linear' ? 'linear' : 'Gaussian'} ramp up over ${Number((100 * rampUp.fraction).toFixed(1))} % of the steps`,
        ]
      : []),
  ].join(', ')
}

const names: Readonly<Record<SemiSupervised['method'], string>> = {
  'pi-model': 'Pi-model',
  'mean-teacher': 'mean teacher',
  'pseudo-label': 'pseudo-labels',
}

function courseOf(schedule: TrainingSpec['schedule']): string {
  switch (schedule.kind) {
    case 'constant':
      return 'constant'
    case 'linear':
      return 'to zero in a straight line'
    case 'cosine':
      return 'to zero by half a cosine'
    case 'cosine-7-16':
      return 'to a fifth by 7/16 of a cosine'
    case 'step':
      return `times ${schedule.factor} at ${schedule.milestones.map((milestone) => `${100 * milestone} %`).join(', ')} of the steps`
  }
}
