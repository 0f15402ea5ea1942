import { benchmarkPerturbations, type PerturbationBlock } from '@imclr/contract'
import { html, type Html } from '../html.js'
import { count, percent, title } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/**
 * How often the answer changes along sequences of slightly changed pictures, beside the reference model if there is
 * one.
 */
export function perturbationSection({ perturbation }: AnyReport): Html | null {
  if (!perturbation) return null
  const { images, total, meanFlip, perturbations, reference, table, seed } = perturbation
  const rows = (benchmark: boolean) =>
    perturbations.filter((row) => row.benchmark === benchmark).map((row) => line(row, perturbation))
  const columns = reference ? 5 : 4
  return html`<section class="long">
    <h2>Stability</h2>
    <p class="lead">
      Share of frames where the answer flips, on ${count(images)} of ${count(total)} test images, each turned into
      sequences of pictures that change little by little. Whether an answer is right is of no account here. Mean of the
      ${benchmarkPerturbations}: ${percent(meanFlip, 2)}.
    </p>
    <div class="scroll">
      <table style="width:auto">
        <thead>
          <tr>
            <th>Sequence</th>
            <th>frames</th>
            <th style="text-align:left">set against</th>
            <th>flips</th>
            ${reference && html`<th title="relative to ${reference.name}">flip rate</th>`}
          </tr>
        </thead>
        <tbody>
          ${rows(true)}
          <tr>
            <td class="mean">Mean of the ${benchmarkPerturbations}</td>
            <td></td>
            <td></td>
            <td class="mean">${percent(meanFlip, 2)}</td>
            ${reference && html`<td class="mean">${percent(reference.mFR)}</td>`}
          </tr>
          <tr class="group">
            <td colspan="${columns}">Extra, not in the means</td>
          </tr>
          ${rows(false)}
        </tbody>
      </table>
    </div>
    ${referenceNote(perturbation)}
    <p class="note">Parameters: the table for ${table} pixels; seed ${seed}.</p>
  </section>`
}

function line(
  { perturbation: name, frames, comparedWith, flipProbability, parameters }: PerturbationBlock['perturbations'][number],
  { perturbations, reference }: PerturbationBlock,
): Html {
  const most = Math.max(1e-9, ...perturbations.map((row) => row.flipProbability))
  const rate = reference?.perPerturbation.find((row) => row.perturbation === name)?.flipRate ?? null
  return html`<tr>
    <td
      class="name"
      title="${Object.entries(parameters)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')}"
    >
      ${title(name)}
    </td>
    <td>${frames}</td>
    <td style="text-align:left">${comparedWith === 'first' ? 'the first frame' : 'the frame before'}</td>
    <td>
      ${percent(flipProbability, 2)}
      <span class="bar"><i style="width:${((100 * flipProbability) / most).toFixed(1)}%"></i></span>
    </td>
    ${reference && html`<td>${percent(rate)}</td>`}
  </tr>`
}

function referenceNote({ reference }: PerturbationBlock): Html {
  if (!reference)
    return html`<p class="note">
      The flip rate sets a model against a named one. None was named, or it was not measured on sequences
      (perturbationImages).
    </p>`
  const { name, modelId, mFR, leftOut, samePictures } = reference
  return html`<p style="margin-top:12px">
    ${mFR === null ? 'No mFR' : html`<span class="mean">${percent(mFR)}</span> mFR`} against ${name}
    (<code>${modelId}</code>). Below 100 % is steadier than the reference.
    ${leftOut.length > 0 && html`Left out of the mean, because the reference never flips: ${leftOut.map((one) => title(one).toLowerCase()).join(', ')}.`}
    ${!samePictures && 'The reference was measured on other sequences: another version, seed or number of images.'}
  </p>`
}
