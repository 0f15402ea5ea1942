import type { ExperimentReport } from '@imclr/experiments'
import { html, type Html } from '../html.js'
import { count, percent, points, range } from '../numbers.js'
import { armTitle, budgetName, duration } from './names.js'

/** Every arm at every budget: its accuracy with the spread, and its cost. */
export function armsSection(report: ExperimentReport): Html | null {
  if (report.budgets.length === 0) return null
  const corrupted = report.budgets.some(({ arms }) => arms.some(({ corruptedError }) => corruptedError !== null))
  return html`<section class="long">
    <h2>Arms and their cost</h2>
    <p class="lead">
      Test accuracy in percent over the seeds of each arm. The spread of two arms says little about their difference:
      that is taken within a seed, above.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Arm</th>
            <th>runs</th>
            <th>accuracy, %</th>
            <th>sd</th>
            <th>95 % interval</th>
            <th>lowest – highest</th>
            ${corrupted && html`<th>corrupted error</th>`}
            <th>epochs</th>
            <th>steps</th>
            <th>training time</th>
          </tr>
        </thead>
        <tbody>
          ${report.budgets.map(
            ({ budget, arms }) =>
              html`${
                report.budgets.length > 1 &&
                html`<tr class="group">
                  <td colspan="${corrupted ? 10 : 9}">${budgetName(budget)}</td>
                </tr>`
              }
              ${arms.map(
                ({
                  arm,
                  accuracies,
                  mean,
                  deviation,
                  interval,
                  lowest,
                  highest,
                  corruptedError,
                  epochs,
                  steps,
                  seconds,
                }) =>
                  html`<tr>
                    <td>${armTitle(report, arm)}</td>
                    <td>${accuracies.length}</td>
                    <td class="mean">${points(mean, 2)}</td>
                    <td>${points(deviation, 2)}</td>
                    <td>${interval ? range(interval, 2) : '–'}</td>
                    <td>${points(lowest, 2)} – ${points(highest, 2)}</td>
                    ${corrupted && html`<td>${percent(corruptedError, 2)}</td>`}
                    <td>${count(Math.round(epochs))}</td>
                    <td>${count(Math.round(steps))}</td>
                    <td>${duration(seconds)}</td>
                  </tr>`,
              )}`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note" style="margin-top:10px">
      ${costs(report).join(' ')} Time is that of the training steps, as
      measured${report.environments.length > 1 ? `; the runs come from ${report.environments.length} environments, so it compares only roughly` : null}.
    </p>
  </section>`
}

function costs(report: ExperimentReport): string[] {
  const [last] = report.budgets.slice(-1)
  return last!.comparisons.map(
    ({ arm, against, stepsRatio, secondsRatio }) =>
      `${armTitle(report, arm)} took ${stepsRatio.toFixed(2)} times the steps and ${secondsRatio.toFixed(2)} times the time of ${armTitle(report, against)} (${budgetName(last!.budget)}).`,
  )
}
