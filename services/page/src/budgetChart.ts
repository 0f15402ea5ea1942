import type { Interval } from '@imclr/statistics'
import { html, type Html } from './html.js'
import { niceTicks } from './lineChart.js'
import { shorten } from './numbers.js'

interface BudgetLine {
  name: string
  /** CSS colour. */
  colour: string
  points: readonly { x: number; mean: number; interval: Interval | null; values: readonly number[] }[]
}

export interface BudgetChartOptions {
  lines: readonly BudgetLine[]
  label: string
  xLabel: string
  yLabel: string
}

const width = 640
const height = 340
const margin = { left: 58, right: 18, top: 30, bottom: 46 }

/**
 * The label-budget curve: means with their intervals over a logarithmic axis, and every single value faintly behind
 * them.
 */
export function budgetChart({ lines, label, xLabel, yLabel }: BudgetChartOptions): Html {
  const points = lines.flatMap((line) => line.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const ys = points.flatMap(({ interval, values }) => [...values, ...(interval ? [interval.low, interval.high] : [])])
  const yTicks = niceTicks(Math.max(0, Math.min(...ys)), Math.min(1, Math.max(...ys)))
  const [y0, y1] = [yTicks[0]!, yTicks.at(-1)!]
  const [l0, l1] = [Math.log(xs[0]!), Math.log(xs.at(-1)!)]
  const inner = width - margin.left - margin.right
  const px = (x: number) => margin.left + inner * (l1 > l0 ? 0.05 + (0.9 * (Math.log(x) - l0)) / (l1 - l0) : 0.5)
  const py = (y: number) => height - margin.bottom - ((y - y0) / (y1 - y0 || 1)) * (height - margin.top - margin.bottom)
  const at = (value: number) => value.toFixed(1)
  let legend = margin.left
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${label}"
    style="font-size:12.5px;min-width:520px"
  >
    ${yTicks.map((y) => html`<line x1="${margin.left}" x2="${width - margin.right}" y1="${at(py(y))}" y2="${at(py(y))}" stroke="var(--line)" /><text x="${margin.left - 8}" y="${at(py(y) + 4)}" text-anchor="end">${Number((100 * y).toPrecision(6))}</text>`)}
    ${xs.map((x) => html`<line x1="${at(px(x))}" x2="${at(px(x))}" y1="${height - margin.bottom}" y2="${height - margin.bottom + 5}" stroke="var(--soft)" /><text x="${at(px(x))}" y="${height - margin.bottom + 19}" text-anchor="middle">${x.toLocaleString('en-US')}</text>`)}
    <text x="${margin.left + inner / 2}" y="${height - 6}" text-anchor="middle">${xLabel}</text>
    <text transform="translate(14 ${(height - margin.bottom + margin.top) / 2}) rotate(-90)" text-anchor="middle">
      ${yLabel}
    </text>
    ${lines.map((line, l) => {
      // The lines stand side by side, so that a reader can tell the intervals at one budget apart.
      const shift = 7 * (l - (lines.length - 1) / 2)
      const x = (value: number) => at(px(value) + shift)
      return html`<polyline
          fill="none"
          stroke="${line.colour}"
          stroke-width="2"
          points="${line.points.map((point) => `${x(point.x)},${at(py(point.mean))}`).join(' ')}"
        />
        ${line.points.map(
          ({ x: value, mean, interval, values }) =>
            html`${values.map((one) => html`<circle cx="${x(value)}" cy="${at(py(one))}" r="2.2" fill="${line.colour}" opacity="0.35" />`)}
              ${
                interval &&
                html`<path
                    d="M ${x(value)} ${at(py(interval.low))} V ${at(py(interval.high))}"
                    stroke="${line.colour}"
                    stroke-width="1.6"
                  />
                  ${[interval.low, interval.high].map((end) => html`<path d="M ${at(px(value) + shift - 4)} ${at(py(end))} h 8" stroke="${line.colour}" stroke-width="1.6" />`)}`
              } <circle cx="${x(value)}" cy="${at(py(mean))}" r="4" fill="${line.colour}" />`,
        )}`
    })}
    ${lines.map((line) => {
      const x = legend
      const name = shorten(line.name, 22)
      legend += 36 + name.length * 7
      return html`<line x1="${x}" x2="${x + 18}" y1="12" y2="12" stroke="${line.colour}" stroke-width="2" /><circle
          cx="${x + 9}"
          cy="12"
          r="4"
          fill="${line.colour}"
        /><text x="${x + 24}" y="16" fill="var(--ink)">${name}</text>`
    })}
  </svg>`
}
