import type { ExperimentReport } from '@imclr/experiments'
import { forestPlot } from '../forestPlot.js'
import { html, type Html } from '../html.js'
import { points, pValue, signed, signedRange } from '../numbers.js'
import { armTitle, budgetName } from './names.js'

/** The paired differences of test accuracy: as a drawing, in numbers, and seed by seed. */
export function differencesSection(report: ExperimentReport): Html | null {
  const rows = report.budgets.flatMap(({ budget, comparisons }) =>
    comparisons.map((one) => ({ ...one, budget, label: nameOf(report, { ...one, budget }) })),
  )
  if (rows.length === 0) return null
  const marked = rows.some(({ published, metric }) => published !== null && metric === 'clean')
  return html`<section class="long">
    <h2>Difference in test accuracy</h2>
    <p class="lead">
      Paired: runs of one seed have the same training images in the same order, and are measured on the same test
      images. Thick: Student's 95 % interval over seeds. Thin: bootstrap over seeds and images. Dots: the
      seeds.${marked ? ' Diamond: as published.' : null}
    </p>
    <figure class="scroll">
      ${forestPlot({
        label: 'Differences in test accuracy with their intervals',
        xLabel: 'difference in accuracy, points',
        xFormat: (x) => signed(x, 1),
        rows: rows.map(({ label, mean, interval, bootstrap, perSeed, published, metric }) => ({
          label,
          estimate: mean,
          interval,
          second: bootstrap,
          values: perSeed.map(({ difference }) => difference),
          mark: published === null || metric !== 'clean' ? null : published / 100,
          text: `${signed(mean)}${interval ? ` (${signedRange(interval)})` : ''}`,
        })),
      })}
    </figure>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Comparison</th>
            <th>seeds</th>
            <th>difference</th>
            <th>sd</th>
            <th>95 % over seeds</th>
            <th>p</th>
            <th>p, Holm</th>
            <th>95 % over seeds and images</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ label, perSeed, mean, deviation, interval, pValue: p, pHolm, bootstrap }) =>
              html`<tr>
                <td>${label}</td>
                <td>${perSeed.length}</td>
                <td class="mean">${signed(mean)}</td>
                <td>${points(deviation, 2)}</td>
                <td>${signedRange(interval)}</td>
                <td>${pValue(p)}</td>
                <td>${pValue(pHolm)}</td>
                <td>${signedRange(bootstrap)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note" style="margin-top:10px">
      All in points of accuracy.
      ${rows.length > 1 ? `These are ${rows.length} comparisons: "p, Holm" is adjusted for that, the intervals are not.` : 'One comparison was made: there is nothing to adjust.'}
    </p>
    <details>
      <summary>Seed by seed</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Comparison</th>
              <th>seed</th>
              <th>against, %</th>
              <th>arm, %</th>
              <th>difference</th>
              <th>only against right</th>
              <th>only arm right</th>
              <th>McNemar p</th>
            </tr>
          </thead>
          <tbody>
            ${rows.flatMap(({ label, perSeed }) =>
              perSeed.map(
                (one) =>
                  html`<tr>
                    <td>${label}</td>
                    <td>${one.seed}</td>
                    <td>${points(one.first, 2)}</td>
                    <td>${points(one.second, 2)}</td>
                    <td>${signed(one.difference)}</td>
                    <td>${one.onlyFirst}</td>
                    <td>${one.onlySecond}</td>
                    <td>${pValue(one.pValue)}</td>
                  </tr>`,
              ),
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`
}

/** Names the arms if there are several pairs, and the budget if there are several budgets. */
function nameOf(
  report: ExperimentReport,
  { arm, against, budget }: { arm: string; against: string; budget: number | null },
): string {
  const pairs = report.plan.comparisons.length > 1 ? `${armTitle(report, arm)} − ${armTitle(report, against)}` : null
  const labels = report.budgets.length > 1 || pairs === null ? budgetName(budget) : null
  return [pairs, labels].filter((part) => part !== null).join(', ')
}
