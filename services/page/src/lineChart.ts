import { html, type Html } from './html.js'

export interface Line {
  name: string
  /** CSS colour. */
  colour: string
  points: readonly (readonly [x: number, y: number])[]
  dashed?: boolean
  dots?: boolean
}

export interface ChartOptions {
  lines: readonly Line[]
  xLabel: string
  /** Makes the text beside a mark of the y axis. */
  yFormat: (value: number) => string
  xTicks?: readonly number[]
  yFrom?: number
  label: string
}

const width = 480
const height = 250
const margin = { left: 50, right: 14, top: 26, bottom: 36 }

/** Tick values from about `low` to about `high`, in round steps (1, 2 or 5 times a power of ten). */
export function niceTicks(low: number, high: number, wanted = 5): number[] {
  const raw = Math.max(1e-12, (high - low) / wanted)
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999)!
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Draws lines over one pair of axes, as SVG that takes its colours from the page. */
export function lineChart({ lines, xLabel, yFormat, xTicks, yFrom, label }: ChartOptions): Html {
  const all = lines.flatMap((line) => line.points)
  const xs = all.map(([x]) => x)
  const ys = all.map(([, y]) => y)
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)]
  const yTicks = niceTicks(yFrom ?? Math.min(...ys), Math.max(...ys, (yFrom ?? Math.min(...ys)) + 1e-6))
  const [y0, y1] = [yTicks[0]!, yTicks.at(-1)!]
  const px = (x: number) => margin.left + ((x - x0) / (x1 - x0 || 1)) * (width - margin.left - margin.right)
  const py = (y: number) => height - margin.bottom - ((y - y0) / (y1 - y0)) * (height - margin.top - margin.bottom)
  const at = (value: number) => value.toFixed(1)
  let legend = margin.left
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    ${yTicks.map((y) => html`<line x1="${margin.left}" x2="${width - margin.right}" y1="${at(py(y))}" y2="${at(py(y))}" stroke="var(--line)" /><text x="${margin.left - 8}" y="${at(py(y) + 4)}" text-anchor="end">${yFormat(y)}</text>`)}
    ${(xTicks ?? niceTicks(x0, x1)).filter((x) => x >= x0 && x <= x1).map((x) => html`<text x="${at(px(x))}" y="${height - margin.bottom + 18}" text-anchor="middle">${x}</text>`)}
    <text x="${(margin.left + width - margin.right) / 2}" y="${height - 4}" text-anchor="middle">${xLabel}</text>
    ${lines.map((line) => html`<polyline fill="none" stroke="${line.colour}" stroke-width="2" stroke-linejoin="round" ${line.dashed ? html` stroke-dasharray="5 4"` : null} points="${line.points.map(([x, y]) => `${at(px(x))},${at(py(y))}`).join(' ')}" />`)}
    ${lines.map((line) => (line.dots || line.points.length === 1) && line.points.map(([x, y]) => html`<circle cx="${at(px(x))}" cy="${at(py(y))}" r="3.5" fill="${line.colour}" />`))}
    ${lines.map((line) => {
      const x = legend
      legend += 34 + line.name.length * 6.2
      return html`<line
          x1="${x}"
          x2="${x + 18}"
          y1="10"
          y2="10"
          stroke="${line.colour}"
          stroke-width="2"
          ${line.dashed ? html` stroke-dasharray="5 4"` : null}
        /><text x="${x + 23}" y="14">${line.name}</text>`
    })}
  </svg>`
}
