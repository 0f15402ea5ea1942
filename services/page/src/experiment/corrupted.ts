import type { ComparisonResult, CorruptedResult, ExperimentReport } from '@imclr/experiments'
import { forestPlot } from '../forestPlot.js'
import { html, Html } from '../html.js'
import { count, percent, pValue, signed, signedRange, title } from '../numbers.js'
import { armTitle, budgetName } from './names.js'

/** Differences of the error under corruption: the mean, by type, by severity, and cell by cell. */
export function corruptedSection(report: ExperimentReport): Html | null {
  const found = report.budgets.flatMap(({ budget, comparisons }) =>
    comparisons.flatMap((one) => (one.corrupted ? [{ budget, one, corrupted: one.corrupted }] : [])),
  )
  const reasons = new Set(
    report.budgets.flatMap(({ comparisons }) => comparisons.flatMap(({ whyNoCorrupted }) => whyNoCorrupted ?? [])),
  )
  if (found.length === 0)
    return report.budgets.length === 0
      ? null
      : html`<section>
          <h2>Under corruption</h2>
          <p class="note">Not compared: ${[...reasons].join('; ')}.</p>
        </section>`
  return html`${found.map(({ budget, one, corrupted }) => section(report, { budget, one, corrupted }))}`
}

function section(
  report: ExperimentReport,
  { budget, one, corrupted }: { budget: number | null; one: ComparisonResult; corrupted: CorruptedResult },
): Html {
  const {
    mean,
    interval,
    pValue: p,
    pHolm,
    bootstrap,
    first,
    second,
    images,
    seeds,
    perCorruption,
    perSeverity,
  } = corrupted
  const row = ({ label, ...rest }: { label: string; mean: number; interval: CorruptedResult['interval'] }) => ({
    label,
    estimate: rest.mean,
    interval: rest.interval,
    text: `${signed(rest.mean)}${rest.interval ? ` (${signedRange(rest.interval)})` : ''}`,
  })
  return html`<section class="long">
    <h2>
      Under corruption: ${armTitle(report, one.arm)} minus ${armTitle(report, one.against)}, ${budgetName(budget)}
    </h2>
    <p class="lead">
      Differences of the error in points: below zero, ${armTitle(report, one.arm)} is better. ${count(images)} test
      images per seed, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}; the pictures of one seed are the same
      for both arms. Mean error ${percent(first, 2)} and ${percent(second, 2)}:
      <b>${signed(mean)}</b
      >${interval && html`, 95 % over seeds ${signedRange(interval)}, p ${pValue(p)}, Holm ${pValue(pHolm)}`}; over
      seeds and images ${signedRange(bootstrap)}.
    </p>
    <figure class="scroll">
      ${forestPlot({
        label: 'Differences of the error by corruption and severity',
        xLabel: 'difference of the error, points (below zero: better)',
        xFormat: (x) => signed(x, 1),
        rows: [
          { ...row({ label: 'Mean of the benchmark', mean, interval }), second: bootstrap },
          ...perSeverity.map((severity) => row({ label: `Severity ${severity.severity}`, ...severity })),
          ...perCorruption.map((corruption) =>
            row({ label: `${title(corruption.corruption)}${corruption.benchmark ? '' : ' (extra)'}`, ...corruption }),
          ),
        ],
      })}
    </figure>
    <p class="note">${holmSentence(perCorruption)}</p>
    <details open>
      <summary>By type and severity</summary>
      <div class="scroll">${grid(corrupted)}</div>
    </details>
  </section>`
}

function holmSentence(rows: CorruptedResult['perCorruption']): string {
  const sure = rows.filter(({ pHolm }) => pHolm !== null && pHolm < 0.05)
  if (rows.every(({ pHolm }) => pHolm === null)) return 'With one seed there are no intervals over seeds.'
  return `Of ${rows.length} corruptions, ${sure.length === 0 ? 'none differs' : `${sure.map(({ corruption }) => title(corruption).toLowerCase()).join(', ')} ${sure.length === 1 ? 'differs' : 'differ'}`} at 5 % after Holm's adjustment over the ${rows.length}; the intervals drawn are not adjusted.`
}

/** A grid with better cells in one colour and worse cells in another. The largest difference has the deepest colour. */
function grid({ cells, perCorruption }: CorruptedResult): Html {
  const severities = [...new Set(cells.map(({ severity }) => severity))].sort((a, b) => a - b)
  const deepest = Math.max(1e-9, ...cells.map(({ mean }) => Math.abs(mean)))
  const cell = (value: number): Html => {
    const strength = Math.round((85 * Math.abs(value)) / deepest)
    return html`<td
      ${new Html(`class="cell${strength > 70 ? ' hot' : ''}" style="background:color-mix(in oklab, var(--${value < 0 ? 'good' : 'heat'}) ${strength}%, var(--paper))"`)}
    >
      ${signed(value, 1)}
    </td>`
  }
  return html`<table class="heat">
    <thead>
      <tr>
        <th>Points, by severity</th>
        ${severities.map((severity) => html`<th style="text-align:center">${severity}</th>`)}
        <th>mean</th>
        <th>p, Holm</th>
      </tr>
    </thead>
    <tbody>
      ${perCorruption.map(
        ({ corruption, benchmark, mean, pHolm }) =>
          html`<tr>
            <td class="name">${title(corruption)}${benchmark ? null : ' (extra)'}</td>
            ${severities.map((severity) => cell(cells.find((one) => one.corruption === corruption && one.severity === severity)!.mean))}
            <td class="mean">${signed(mean)}</td>
            <td>${pValue(pHolm)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
