import type { ExperimentReport } from '@imclr/experiments'
import { html, type Html } from '../html.js'
import { count } from '../numbers.js'
import { armTitle, budgetName } from './names.js'

/**
 * How the experiment was measured, on which machines, and what is missing. The section is complete; long parts are
 * folded.
 */
export function experimentDetails(report: ExperimentReport): Html {
  const { notes, missing, environments, data, resamples, compared, plan } = report
  return html`<section class="long">
    <h2>How this was measured</h2>
    <details open>
      <summary>Statistics</summary>
      <ul>
        ${notes.map((note) => html`<li>${note}</li>`)}
        <li>Bootstraps: ${count(resamples)} resamples. Comparisons of clean accuracy in this report: ${compared}.</li>
      </ul>
    </details>
    ${
      missing.length > 0 &&
      html`<details open>
        <summary>Runs without a result (${missing.length})</summary>
        <ul>
          ${missing.map(({ arm, seed, budget, why }) => html`<li>${armTitle(report, arm)}, seed ${seed}, ${budgetName(budget)}: ${why}</li>`)}
        </ul>
      </details>`
    }
    <details>
      <summary>Data and seeds</summary>
      <ul>
        <li>Content of the data set version: <code>${data?.content ?? '–'}</code></li>
        <li>Seeds: ${plan.seeds.join(', ')}. Budgets: ${plan.budgets.map(budgetName).join(', ')}.</li>
      </ul>
    </details>
    <details>
      <summary>Specs</summary>
      <p class="note">Of one run each; seed, subset and budget are set by the experiment.</p>
      <div class="scroll">${specTable(report)}</div>
    </details>
    <details>
      <summary>Environments</summary>
      ${environments.map(
        ({ runs, environment }) =>
          html`<div class="scroll">
            <table style="width:auto">
              <tbody>
                <tr>
                  <td>runs</td>
                  <td style="text-align:left">${runs}</td>
                </tr>
                ${Object.entries(environment).map(
                  ([key, value]) =>
                    html`<tr>
                      <td>${key}</td>
                      <td style="text-align:left">${value ?? '–'}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`,
      )}
    </details>
  </section>`
}

function specTable(report: ExperimentReport): Html {
  const { specs } = report
  const fields = [...new Set(specs.flatMap(({ spec }) => Object.keys(spec)))].filter(
    (field) => !['seed', 'subsetSeed', 'trainImages', 'limits'].includes(field),
  )
  const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '–'))
  return html`<table>
    <thead>
      <tr>
        <th></th>
        ${specs.map(({ arm }) => html`<th style="text-align:left">${armTitle(report, arm)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${fields.map(
        (field) =>
          html`<tr>
            <td>${field}</td>
            ${specs.map(({ spec }) => html`<td style="text-align:left;white-space:normal">${text(spec[field])}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`
}
