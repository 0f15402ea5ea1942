import type { ComparisonResult, ExperimentReport } from '@imclr/experiments'
import { html, type Html } from '../html.js'
import { count, signed, signedRange } from '../numbers.js'
import { armTitle, budgetName } from './names.js'

/** The claim, what was done, and the result, in that order. */
export function experimentHeadline(report: ExperimentReport): Html {
  const { plan, data, runs, missing } = report
  const { seeds } = plan
  return html`<header>
      <span class="badge">Experiment</span>
      <h1>${plan.title}</h1>
      <div class="facts">
        <span>Arms <b>${plan.arms.map(({ title }) => title).join(', ')}</b></span>
        <span>${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, paired</span>
        <span>${count(runs.there)} of ${count(runs.planned)} runs</span>
        ${data && html`<span>${count(data.testImages)} test images</span>`}
      </div>
      ${plan.claim && html`<p style="margin-top:12px"><b>Claimed:</b> ${plan.claim}</p>`}
      ${plan.recipe && html`<p><b>Here:</b> ${plan.recipe}</p>`}
      ${missing.length > 0 && html`<p class="note">${missing.length} of the planned runs have no result; they are named below, and the numbers are of the others.</p>`}
    </header>
    ${report.budgets.length === 0 ? html`<p>No run has a result yet.</p>` : html`<div class="cards">${report.budgets.flatMap(({ budget, comparisons }) => comparisons.map((one) => card(report, one, budget)))}</div>`}`
}

function card(report: ExperimentReport, one: ComparisonResult, budget: number | null): Html {
  const corrupted = one.metric === 'corrupted' ? one.corrupted : null
  // Turns the sign of errors, so that above zero is better for errors and accuracies alike.
  const gain = corrupted ? -corrupted.mean : one.mean
  const interval = corrupted
    ? corrupted.interval && { low: -corrupted.interval.high, high: -corrupted.interval.low }
    : one.interval
  const n = one.perSeed.length
  return html`<div class="card">
    <div class="name">${armTitle(report, one.arm)} against ${armTitle(report, one.against)}, ${budgetName(budget)}</div>
    <div class="value">${signed(gain)}<small> points</small></div>
    <div class="more">
      ${interval ? html`95 % interval ${signedRange(interval)}` : html`one seed: no interval over seeds`}<br />
      ${corrupted ? 'mean accuracy under corruption' : 'test accuracy'}, ${n}
      ${n === 1 ? 'seed' : 'seeds'}${one.published !== null && html`<br />published ${signed(one.published / 100)}`}
    </div>
  </div>`
}
