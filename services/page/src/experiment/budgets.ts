import type { ExperimentReport } from '@imclr/experiments'
import { budgetChart } from '../budgetChart.js'
import { html, type Html } from '../html.js'
import { colourOf } from './names.js'

/** Accuracy by number of labels, if there are several budgets. */
export function budgetSection({ budgets, plan, specs }: ExperimentReport): Html | null {
  const numbered = budgets.flatMap(({ budget, arms }) => (budget === null ? [] : [{ budget, arms }]))
  if (numbered.length < 2) return null
  const lines = plan.arms
    .map(({ name, title }, i) => ({
      name: title,
      colour: colourOf(i),
      points: numbered.flatMap(({ budget, arms }) =>
        arms
          .filter(({ arm }) => arm === name)
          .map(({ mean, interval, accuracies }) => ({
            x: budget,
            mean,
            interval,
            values: accuracies.map(({ accuracy }) => accuracy),
          })),
      ),
    }))
    .filter(({ points }) => points.length > 0)
  const epochs = specs[0]?.spec.epochs
  return html`<section>
    <h2>Accuracy by number of labels</h2>
    <p class="lead">
      Mean over seeds with Student's 95 % interval; faint dots: single runs. A budget holds the smaller
      ones.${typeof epochs === 'number' ? ` All budgets are trained for ${epochs} epochs, so fewer labels are fewer steps.` : null}${budgets.length > numbered.length ? ' Runs on all labels are in the tables.' : null}
    </p>
    <figure class="scroll" style="max-width:760px">
      ${budgetChart({ lines, label: 'Test accuracy by number of labels', xLabel: 'labelled training images (logarithmic)', yLabel: 'test accuracy, %' })}
    </figure>
  </section>`
}
