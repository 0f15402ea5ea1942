import { wilsonInterval } from '@imclr/statistics'
import { type ClassMetrics } from '@imclr/contract'
import { html, type Html } from '../html.js'
import { count, points, range } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** A table with one row per class. Many classes are folded, and the weakest ones are shown first. */
export function classTable({ clean }: AnyReport): Html | null {
  if (!clean) return null
  const { perClass } = clean
  const weakest = [...perClass].filter((row) => row.recall !== null).sort((a, b) => a.recall! - b.recall!)
  const many = perClass.length > 25
  return html`<section class="long">
    <h2>By class</h2>
    <p class="lead">
      Recall: which share of a class was found. Precision: which share of what was taken for it is right.
      ${many ? 'The ten classes with the lowest recall:' : null}
    </p>
    <div class="scroll">${table(many ? weakest.slice(0, 10) : perClass)}</div>
    ${
      many &&
      html`<details style="margin-top:12px">
        <summary>All ${perClass.length} classes</summary>
        <div class="scroll">${table(perClass)}</div>
      </details>`
    }
  </section>`
}

function table(rows: readonly ClassMetrics[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th>Class</th>
        <th>images</th>
        <th style="text-align:left" colspan="2">recall, %</th>
        <th>95 % interval</th>
        <th>precision, %</th>
        <th>F1, %</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, support, precision, recall, f1 }) =>
          html`<tr>
            <td class="name" title="${name}">${name}</td>
            <td>${count(support)}</td>
            <td style="text-align:left;padding-right:0;width:1%">${points(recall)}</td>
            <td style="text-align:left">
              ${recall !== null && html`<span class="bar"><i style="width:${(100 * recall).toFixed(1)}%"></i></span>`}
            </td>
            <td>${recall === null ? '–' : range(wilsonInterval(Math.round(recall * support), support))}</td>
            <td>${points(precision)}</td>
            <td>${points(f1)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
