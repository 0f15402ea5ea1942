import { html, type Html } from '../html.js'
import { lineChart } from '../lineChart.js'
import { count, percent } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** Loss (with the lowest possible loss) and learning rate over the epochs. */
export function trainingCurves({ training, model, clean, rawWeights }: AnyReport): Html | null {
  if (!training) return null
  const { epochs, validation } = training
  if (epochs.length === 0) return null
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
  const hasFloor = epochs.some((epoch) => epoch.labelEntropy > 1e-6)
  const loss = lineChart({
    label: 'Training loss by epoch',
    xLabel: 'epoch',
    yFormat: String,
    yFrom: 0,
    lines: [
      { name: 'training loss', colour: 'var(--accent)', points: epochs.map((epoch) => [epoch.epoch, epoch.loss]) },
      ...(validation
        ? [
            {
              name: 'validation loss',
              colour: 'var(--soft)',
              points: epochs.flatMap((epoch) =>
                epoch.validation ? [[epoch.epoch, epoch.validation.loss] as const] : [],
              ),
            },
          ]
        : []),
      ...(epochs.some(({ unlabelled }) => unlabelled)
        ? [
            {
              name: 'unlabelled term, weighted',
              colour: 'var(--accent)',
              dashed: true,
              points: epochs.flatMap(({ epoch, unlabelled }) =>
                unlabelled ? [[epoch, unlabelled.weighted] as const] : [],
              ),
            },
          ]
        : []),
      ...(hasFloor
        ? [
            {
              name: 'entropy of the labels',
              colour: 'var(--second)',
              dashed: true,
              points: epochs.map((epoch) => [epoch.epoch, epoch.labelEntropy] as const),
            },
          ]
        : []),
    ],
  })
  const rate = lineChart({
    label: 'Learning rate by epoch',
    xLabel: 'epoch',
    yFormat: String,
    yFrom: 0,
    lines: [
      {
        name: 'learning rate at the end of the epoch',
        colour: 'var(--accent)',
        points: epochs.map((epoch) => [epoch.epoch, epoch.learningRate]),
      },
    ],
  })
  return html`<section>
    <h2>Training</h2>
    <p class="lead">
      ${count(epochs.at(-1)!.steps)} steps in ${duration(seconds)}, ${count(Math.round(epochs.at(-1)!.imagesPerSecond))}
      inputs per second in the last epoch.
      ${model.mode === 'imclr' ? 'A pair of two classes is labelled half and half, so even a perfect model keeps a loss: the entropy of the labels, dashed.' : null}
      ${validation && `The model is that of epoch ${validation.epoch}, the best by ${count(validation.images)} ${validation.source === 'given' ? 'images of the validation part' : 'training images that were held back'}: ${percent(validation.accuracy)} of them right.`}
      ${clean && rawWeights && `Its weights are a running average: ${percent(clean.accuracy, 2)} of the test images right; ${percent(rawWeights.accuracy, 2)} by the weights that were averaged.`}
    </p>
    <div class="pair">
      <figure>
        ${loss}
        <figcaption>Mean cross-entropy over the inputs of each epoch, nats.</figcaption>
      </figure>
      <figure>${rate}</figure>
    </div>
  </section>`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} seconds`
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`
  return `${(seconds / 3600).toFixed(1)} hours`
}
