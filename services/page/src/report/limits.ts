import { wilsonInterval, z95 } from '@imclr/statistics'
import { type CleanMetrics } from '@imclr/contract'
import { html, type Html } from '../html.js'
import { count, points, range } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** What a test of this size cannot show, computed from the report's numbers. */
export function limitsSection(report: AnyReport): Html {
  return html`<section>
    <h2>What this test is too small to show</h2>
    <ul>
      ${limits(report).map((text) => html`<li>${text}</li>`)}
    </ul>
  </section>`
}

function limits({ clean, corruption, perturbation, model }: AnyReport): string[] {
  return [
    ...(clean ? [accuracyLimit(clean)] : []),
    `This is one training run with one seed (${model.seed}). The interval says how far the test images decide the number, not how far another seed would: for that, train several.`,
    ...(clean ? classLimit(clean) : []),
    ...(corruption ? [cellLimit(corruption.images, corruption.meanError)] : []),
    ...(perturbation
      ? [
          `Flips are counted on ${count(perturbation.images)} sequences of each kind, whose frames are alike: they say less than as many pictures of their own.`,
        ]
      : []),
  ]
}

function accuracyLimit({ accuracy, images, interval }: CleanMetrics): string {
  const apart = z95 * Math.sqrt((2 * Math.max(accuracy * (1 - accuracy), 1 / images)) / images)
  return `With ${count(images)} test images, accuracy is known to ${range(interval)} only. Accuracies of two models measured on different images of this number must lie about ${points(apart)} points apart to differ more than by chance. Compared on the same images, as compare does, smaller differences show.`
}

function classLimit({ perClass }: CleanMetrics): string[] {
  const smallest = perClass.filter((row) => row.recall !== null).sort((a, b) => a.support - b.support)[0]
  return smallest
    ? [
        `The smallest class, ${smallest.name}, has ${count(smallest.support)} test images: its recall lies within ${range(wilsonInterval(Math.round(smallest.recall! * smallest.support), smallest.support))}.`,
      ]
    : []
}

function cellLimit(images: number, error: number): string {
  const { low, high } = wilsonInterval(Math.round(error * images), images)
  return `One cell of the corruption grid rests on ${count(images)} images: at the mean error its 95 % interval is ${range({ low, high })}. Neighbouring cells that differ by less say little; the mean over all cells is firmer, but its cells share their images.`
}
