import { benchmarkCorruptions, corruptionGroups } from '@imclr/contract'
import { heat } from '../heat.js'
import { html, type Html } from '../html.js'
import { lineChart } from '../lineChart.js'
import { count, percent, points, title } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** The grid of corruptions and severities with its numbers, and the mean error by severity. */
export function corruptionSection({ corruption, dataset }: AnyReport): Html | null {
  if (!corruption) return null
  const chance = 1 - 1 / dataset.classes.length
  const { cleanErrorOfSameImages: clean, perSeverity } = corruption
  const bySeverity = lineChart({
    label: 'Mean error by severity',
    xLabel: clean === null ? 'severity' : 'severity (0: clean)',
    yFormat: (y) => `${Math.round(100 * y)} %`,
    yFrom: 0,
    xTicks: [...(clean === null ? [] : [0]), ...perSeverity.map(({ severity }) => severity)],
    lines: [
      {
        name: `mean error of the ${benchmarkCorruptions} corruptions`,
        colour: 'var(--heat)',
        dots: true,
        points: [
          ...(clean === null ? [] : [[0, clean] as const]),
          ...perSeverity.map(({ severity, error }) => [severity, error] as const),
        ],
      },
    ],
  })
  const worst = [...corruption.perCorruption].filter((row) => row.benchmark).sort((a, b) => b.error - a.error)
  return html`<section class="long">
    <h2>Robustness to corruption</h2>
    <p class="lead">
      Error in percent on ${count(corruption.images)} of ${count(corruption.total)} test images, drawn in proportion to
      the classes, each changed by ${corruption.perCorruption.length} corruptions at ${perSeverity.length} severities.
      ${clean !== null && `The same images clean: ${percent(clean)}. `}Hardest:
      ${title(worst[0]!.corruption).toLowerCase()} (${percent(worst[0]!.error)}); easiest:
      ${title(worst.at(-1)!.corruption).toLowerCase()} (${percent(worst.at(-1)!.error)}).
    </p>
    <div class="scroll">${grid(corruption, chance)}</div>
    <p class="note" style="margin-top:10px">
      Colour runs from ${clean === null ? 'no error' : 'the clean error'} to chance (${percent(chance)}). The 4 extra
      corruptions count in no mean.
      ${corruption.stored ? html`The pictures are those of a stored set; seed ${corruption.seed} chose which.` : html`Parameters: the table for ${corruption.table} pixels; frost: ${corruption.frost}; seed ${corruption.seed}.`}
    </p>
    <div class="pair">
      <figure>${bySeverity}</figure>
      ${referenceTable(corruption)}
    </div>
  </section>`
}

type Block = NonNullable<AnyReport['corruption']>

function grid(block: Block, chance: number): Html {
  const severities = block.perSeverity.map(({ severity }) => severity)
  const least = block.cleanErrorOfSameImages ?? 0
  const share = (error: number) => (error - least) / Math.max(1e-9, chance - least)
  const cell = (error: number, label: string) => html`<td ${heat(share(error))} title="${label}">${points(error)}</td>`
  const row = (name: string) => {
    const own = block.cells.filter((one) => one.corruption === name)
    const mean = block.perCorruption.find((one) => one.corruption === name)!
    return html`<tr>
      <td class="name">${title(name)}</td>
      ${own.map((one) =>
        cell(
          one.error,
          `${title(name)}, severity ${one.severity}: ${Object.entries(one.parameters)
            .map(([key, value]) => `${key} ${value}`)
            .join(', ')}`,
        ),
      )}
      <td class="mean">${points(mean.error)}</td>
    </tr>`
  }
  const names = (benchmark: boolean, group?: string) => [
    ...new Set(
      block.cells
        .filter((one) => one.benchmark === benchmark && (!group || one.group === group))
        .map((one) => one.corruption),
    ),
  ]
  const groupRow = (text: string) =>
    html`<tr class="group">
      <td colspan="${severities.length + 2}">${text}</td>
    </tr>`
  return html`<table class="heat">
    <thead>
      <tr>
        <th>Error in %, by severity</th>
        ${severities.map((severity) => html`<th style="text-align:center">${severity}</th>`)}
        <th>mean</th>
      </tr>
    </thead>
    <tbody>
      ${corruptionGroups.map((group) => names(true, group).length > 0 && html`${groupRow(title(group))}${names(true, group).map(row)}`)}
      <tr>
        <td class="mean">Mean of the ${benchmarkCorruptions}</td>
        ${block.perSeverity.map(({ error }) => html`<td class="mean" style="text-align:center">${points(error)}</td>`)}
        <td class="mean">${points(block.meanError)}</td>
      </tr>
      ${names(false).length > 0 && html`${groupRow('Extra, not in the means')}${names(false).map(row)}`}
    </tbody>
  </table>`
}

function referenceTable({ reference }: Block): Html {
  if (!reference) {
    return html`<div>
      <h3>mCE</h3>
      <p class="note">
        The mean corruption error sets a model against a named one, corruption by corruption. No reference model was
        named for this job, so only the unnormalised mean error is given; name one (referenceModelId) to get mCE and
        relative mCE.
      </p>
    </div>`
  }
  return html`<div>
    <h3>mCE against ${reference.name}</h3>
    <p>
      <span class="mean">${percent(reference.mCE)}</span> mCE,
      <span class="mean">${percent(reference.relativeMCE)}</span> relative mCE. Below 100 % is better than the
      reference.
    </p>
    ${leftOutNote(reference)}
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Corruption</th>
            <th>CE, %</th>
            <th>relative, %</th>
          </tr>
        </thead>
        <tbody>
          ${reference.perCorruption.map(
            ({ corruption, ce, relativeCE }) =>
              html`<tr>
                <td>${title(corruption)}</td>
                <td>${points(ce)}</td>
                <td>${points(relativeCE)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">
      Reference model
      <code>${reference.modelId}</code
      >.${!reference.samePictures && ' It was measured on other corrupted pictures: another version, seed or number of images.'}
    </p>
  </div>`
}

function leftOutNote({ leftOut }: NonNullable<Block['reference']>): Html {
  const named = (names: readonly string[]) => names.map((name) => title(name).toLowerCase()).join(', ')
  return html`${leftOut.mCE.length > 0 && html`<p class="note">Left out of mCE, because the reference makes no error there: ${named(leftOut.mCE)}.</p>`}
  ${leftOut.relativeMCE.length > 0 && html`<p class="note">Left out of relative mCE, because there corruption adds nothing to the reference’s errors, or its clean error is not known: ${named(leftOut.relativeMCE)}.</p>`}`
}
