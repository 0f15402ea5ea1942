import { wilsonInterval, z95, type Report } from '@imclr/contract'
import { count, html, type Html, points, range } from '@imclr/page'

/** What a test of this size cannot show, computed from its numbers. */
export function limitsSection(report: Report): Html {
  return html`<section>
    <h2>What this test is too small to show</h2>
    <ul>${limits(report).map((text) => html`<li>${text}</li>`)}</ul>
  </section>`
}

function limits({ clean, corruption, model }: Report): string[] {
  const { accuracy, images, perClass, interval } = clean
  const apart = z95 * Math.sqrt((2 * Math.max(accuracy * (1 - accuracy), 1 / images)) / images)
  const smallest = perClass.filter((row) => row.recall !== null).sort((a, b) => a.support - b.support)[0]
  return [
    `With ${count(images)} test images, accuracy is known to ${range(interval)} only. Accuracies of two models measured on different images of this number must lie about ${points(apart)} points apart to differ more than by chance. Compared on the same images, as compare does, smaller differences show.`,
    `This is one training run with one seed (${model.seed}). The interval says how far the test images decide the number, not how far another seed would: for that, train several.`,
    ...(smallest ? [`The smallest class, ${smallest.name}, has ${count(smallest.support)} test images: its recall lies within ${range(wilsonInterval(Math.round(smallest.recall! * smallest.support), smallest.support))}.`] : []),
    ...(corruption ? [cellLimit(corruption.images, corruption.meanError15)] : []),
  ]
}

function cellLimit(images: number, error: number): string {
  const { low, high } = wilsonInterval(Math.round(error * images), images)
  return `One cell of the corruption grid rests on ${count(images)} images: at the mean error its 95 % interval is ${range({ low, high })}. Neighbouring cells that differ by less say little; the mean over all cells is firmer, but its cells share their images.`
}
