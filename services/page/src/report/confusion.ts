import { heat } from '../heat.js'
import { html, type Html } from '../html.js'
import { count, points, shorten } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** Up to this many classes, the cells show their counts. */
const withNumbers = 20

/** Above this many classes the matrix would be a grey square, so the page lists only the most frequent confusions. */
const drawable = 100

/** Which class the model took for which: the matrix, and its largest off-diagonal entries in words. */
export function confusionSection({ clean, dataset }: AnyReport): Html | null {
  if (!clean) return null
  const { confusion } = clean
  const names = dataset.classes
  const size = names.length
  return html`<section class="long">
    <h2>What was taken for what</h2>
    <p class="lead">Rows: the true class; columns: the predicted one. Colour is the share of the row.</p>
    ${
      size <= withNumbers
        ? html`<div class="beside">
            <div class="scroll">${numbered(confusion, names)}</div>
            <div class="scroll">${frequent(confusion, names)}</div>
          </div>`
        : size <= drawable
          ? html`<div class="scroll">${drawn(confusion, names)}</div>`
          : html`<p class="note">${size} classes are too many to draw; all counts are in report.json.</p>`
    }
    ${size > withNumbers && frequent(confusion, names)}
  </section>`
}

const sum = (row: readonly number[]) => row.reduce((total, value) => total + value, 0)

function numbered(confusion: readonly (readonly number[])[], names: readonly string[]): Html {
  return html`<table class="confusion" style="width:auto">
    <thead>
      <tr>
        <th></th>
        ${names.map((name) => html`<th title="${name}"><span>${shorten(name, 16)}</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${confusion.map((row, i) => {
        const total = Math.max(1, sum(row))
        return html`<tr>
          <td class="name" title="${names[i]}">${shorten(names[i]!, 22)}</td>
          ${row.map((value, k) => html`<td ${heat(i === k ? (0.85 * value) / total : (2.2 * value) / total, i === k ? 'good' : 'heat')} title="${names[i]} taken for ${names[k]}: ${value} of ${sum(row)}">${value || html`<span style="opacity:.35">·</span>`}</td>`)}
        </tr>`
      })}
    </tbody>
  </table>`
}

function drawn(confusion: readonly (readonly number[])[], names: readonly string[]): Html {
  const cell = names.length <= 50 ? 14 : 9.5
  const font = cell * 0.82
  const left = 104
  const top = 104
  const side = cell * names.length
  const at = (index: number) => (index * cell).toFixed(1)
  const cells = confusion.flatMap((row, i) => {
    const total = Math.max(1, sum(row))
    return row.map(
      (value, k) =>
        value > 0 &&
        html`<rect
          x="${at(k)}"
          y="${at(i)}"
          width="${cell - 0.5}"
          height="${cell - 0.5}"
          fill="var(--${i === k ? 'good' : 'heat'})"
          opacity="${Math.min(1, 0.12 + (i === k ? 0.88 : 2.6) * (value / total)).toFixed(2)}"
          ><title>${names[i]} taken for ${names[k]}: ${value} of ${sum(row)}</title></rect
        >`,
    )
  })
  return html`<svg
    viewBox="0 0 ${left + side + 8} ${top + side + 8}"
    style="min-width:${Math.min(1000, Math.round(left + side))}px;font-size:${font.toFixed(1)}px"
    role="img"
    aria-label="Confusion matrix"
  >
    <g transform="translate(${left} ${top})">
      <rect x="-0.5" y="-0.5" width="${side + 0.5}" height="${side + 0.5}" fill="none" stroke="var(--line)" />
      ${cells}
      ${names.map((name, i) => html`<text x="-5" y="${(i * cell + cell * 0.78).toFixed(1)}" text-anchor="end">${shorten(name, 16)}</text><text transform="translate(${(i * cell + cell * 0.78).toFixed(1)} -5) rotate(-90)">${shorten(name, 16)}</text>`)}
    </g>
  </svg>`
}

function frequent(confusion: readonly (readonly number[])[], names: readonly string[]): Html | null {
  const pairs = confusion
    .flatMap((row, i) =>
      row.map((value, k) => ({ true: i, predicted: k, value, share: value / Math.max(1, sum(row)) })),
    )
    .filter((pair) => pair.true !== pair.predicted && pair.value > 0)
    .sort((a, b) => b.value - a.value || b.share - a.share)
    .slice(0, 8)
  if (pairs.length === 0) return null
  return html`<h3 style="margin-top:16px">Most frequent confusions</h3>
    <div class="scroll">
      <table style="width:auto">
        <thead>
          <tr>
            <th>True class</th>
            <th style="text-align:left">taken for</th>
            <th>images</th>
            <th>% of the class</th>
          </tr>
        </thead>
        <tbody>
          ${pairs.map(
            (pair) =>
              html`<tr>
                <td class="name">${names[pair.true]}</td>
                <td class="name" style="text-align:left">${names[pair.predicted]}</td>
                <td>${count(pair.value)}</td>
                <td>${points(pair.share)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}
