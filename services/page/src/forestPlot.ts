import type { Interval } from '@imclr/statistics'
import { html, type Html } from './html.js'
import { niceTicks } from './lineChart.js'
import { shorten } from './numbers.js'

/** One row: an estimate with its intervals, and the values behind it. */
interface ForestRow {
  label: string
  estimate: number
  /** Drawn as a thick line. Null if there is no interval. */
  interval: Interval | null
  /** Another interval, drawn as a thin line below. */
  second?: Interval | null
  /** Values that are drawn as dots, such as one per seed. */
  values?: readonly number[]
  /** A mark to compare with, such as a published number. */
  mark?: number | null
  /** The text at the right. */
  text: string
}

export interface ForestOptions {
  rows: readonly ForestRow[]
  label: string
  xLabel: string
  xFormat: (value: number) => string
}

const width = 960
const rowHeight = 34
const top = 10
/** Width of the text at the right, in pixels. */
const right = 200
/** Width of a character in pixels, at the font size of 12.5 pixels, in the widest font. */
const characterWidth = 7.8
const longestLabel = 46

/**
 * Draws estimates and their intervals over one axis with a line at zero, as SVG that takes its colours from the page.
 */
export function forestPlot({ rows: given, label, xLabel, xFormat }: ForestOptions): Html {
  const rows = given.map((row) => ({ ...row, label: shorten(row.label, longestLabel) }))
  const left = Math.max(...rows.map((row) => row.label.length), 12) * characterWidth + 20
  const all = [
    0,
    ...rows.flatMap(({ estimate, interval, second, values = [], mark }) => [
      estimate,
      ...[interval, second].flatMap((one) => (one ? [one.low, one.high] : [])),
      ...values,
      ...(mark == null ? [] : [mark]),
    ]),
  ]
  const ticks = niceTicks(Math.min(...all), Math.max(...all, 1e-6), 6)
  const [x0, x1] = [ticks[0]!, ticks.at(-1)!]
  const px = (x: number) => (left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right)).toFixed(1)
  const bottom = top + rows.length * rowHeight
  return html`<svg
    viewBox="0 0 ${width} ${bottom + 42}"
    role="img"
    aria-label="${label}"
    style="font-size:12.5px;min-width:680px"
  >
    ${ticks.map((x) => html`<line x1="${px(x)}" x2="${px(x)}" y1="${top}" y2="${bottom}" stroke="var(--line)" /><text x="${px(x)}" y="${bottom + 17}" text-anchor="middle">${xFormat(x)}</text>`)}
    <line x1="${px(0)}" x2="${px(0)}" y1="${top - 4}" y2="${bottom + 4}" stroke="var(--soft)" stroke-width="1.2" />
    <text x="${(left + width - right) / 2}" y="${bottom + 36}" text-anchor="middle">${xLabel}</text>
    ${rows.map((row, i) => drawRow(row, { y: top + (i + 0.5) * rowHeight, px, left }))}
  </svg>`
}

function drawRow(
  { label, estimate, interval, second, values = [], mark, text }: ForestRow,
  { y, px, left }: { y: number; px: (x: number) => string; left: number },
): Html {
  return html`<text x="${left - 14}" y="${y + 4}" text-anchor="end" fill="var(--ink)">${label}</text>
    ${second && html`<line x1="${px(second.low)}" x2="${px(second.high)}" y1="${y + 7}" y2="${y + 7}" stroke="var(--second)" stroke-width="1.5" />`}
    ${interval && html`<line x1="${px(interval.low)}" x2="${px(interval.high)}" y1="${y}" y2="${y}" stroke="var(--accent)" stroke-width="3" />`}
    ${values.map((value) => html`<circle cx="${px(value)}" cy="${y - 7}" r="2.6" fill="var(--soft)" opacity="0.75" />`)}
    <rect x="${(Number(px(estimate)) - 4.5).toFixed(1)}" y="${y - 4.5}" width="9" height="9" fill="var(--accent)" />
    ${mark != null && html`<path d="M ${px(mark)} ${y - 8} l 6 8 l -6 8 l -6 -8 z" fill="none" stroke="var(--ink)" stroke-width="1.4" />`}
    <text x="${width - 4}" y="${y + 4}" text-anchor="end" fill="var(--ink)">${text}</text>`
}
