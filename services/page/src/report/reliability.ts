import { benchmarkCorruptions, severities, type Calibration } from '@imclr/contract'
import { html, type Html } from '../html.js'
import { lineChart } from '../lineChart.js'
import { count, percent } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** Confidence against accuracy, on clean images and under corruption. */
export function reliabilitySection({ calibration }: AnyReport): Html {
  return html`<section>
    <h2>Calibration</h2>
    <p class="lead">
      Does a probability mean what it says? Where a bar ends below the diagonal, the model is right less often than it
      claims. The band below shows how the images spread over the confidences.
    </p>
    <div class="pair">
      ${calibration.clean && diagram('Clean test images', calibration.clean)}
      ${calibration.corrupted && diagram(`Under corruption, all ${benchmarkCorruptions} × ${severities.length} cells pooled`, calibration.corrupted)}
    </div>
    ${calibration.perSeverity.length > 0 && bySeverity(calibration)}
  </section>`
}

function bySeverity({ clean, perSeverity }: AnyReport['calibration']): Html {
  const chart = lineChart({
    label: 'Calibration error by severity',
    xLabel: clean ? 'severity (0: clean)' : 'severity',
    yFormat: (y) => percent(y, 0),
    yFrom: 0,
    xTicks: [...(clean ? [0] : []), ...perSeverity.map(({ severity }) => severity)],
    lines: [
      {
        name: `ECE under the ${benchmarkCorruptions} corruptions`,
        colour: 'var(--heat)',
        dots: true,
        points: [
          ...(clean ? [[0, clean.ece] as const] : []),
          ...perSeverity.map(({ severity, ece }) => [severity, ece] as const),
        ],
      },
    ],
  })
  return html`<div class="pair" style="margin-top:20px">
    <figure>
      ${chart}
      <figcaption>
        ${perSeverity.map(({ severity, ece }) => `severity ${severity}: ${percent(ece, 2)}`).join(', ')}.
      </figcaption>
    </figure>
    <div></div>
  </div>`
}

/**
 * The error that a perfectly calibrated model would show by chance: the mean distance of a bin's accuracy from its
 * confidence.
 */
function chanceEce({ images, bins }: Calibration): number {
  return bins.reduce((sum, { images: n, confidence }) => {
    if (n === 0 || confidence === null) return sum
    return sum + (n / images) * Math.sqrt((2 * confidence * (1 - confidence)) / (Math.PI * n))
  }, 0)
}

const side = 240
const left = 40
const top = 8
const band = 44

function diagram(caption: string, calibration: Calibration): Html {
  const x = (value: number) => (left + value * side).toFixed(1)
  const y = (value: number) => (top + (1 - value) * side).toFixed(1)
  const most = Math.max(1, ...calibration.bins.map((bin) => bin.images))
  const foot = top + side + 12 + band
  return html`<figure>
    <h3>${caption}</h3>
    <svg
      viewBox="0 0 ${left + side + 24} ${foot + 36}"
      style="max-width:420px;font-size:8.5px"
      role="img"
      aria-label="Reliability diagram: ${caption}"
    >
      ${[0, 0.25, 0.5, 0.75, 1].map((v) => html`<line x1="${x(0)}" x2="${x(1)}" y1="${y(v)}" y2="${y(v)}" stroke="var(--line)" /><text x="${left - 7}" y="${Number(y(v)) + 4}" text-anchor="end">${100 * v}</text><text x="${x(v)}" y="${foot + 15}" text-anchor="middle">${100 * v}</text>`)}
      ${calibration.bins.map(({ low, high, images, accuracy, confidence }) => {
        const w = ((high - low) * side - 2).toFixed(1)
        const title = html`<title>
          ${percent(low, 0)} to ${percent(high, 0)}: ${count(images)} images, accuracy ${percent(accuracy)}, confidence
          ${percent(confidence)}
        </title>`
        return html`${
            accuracy !== null &&
            html`<rect
                x="${Number(x(low)) + 1}"
                width="${w}"
                y="${y(accuracy)}"
                height="${(accuracy * side).toFixed(1)}"
                fill="var(--accent)"
                opacity="${images < 10 ? 0.35 : 0.85}"
                >${title}</rect
              >
              <line
                x1="${Number(x(low)) + 1}"
                x2="${Number(x(high)) - 1}"
                y1="${y(confidence!)}"
                y2="${y(confidence!)}"
                stroke="var(--second)"
                stroke-width="2.5"
              />`
          }
          <rect
            x="${Number(x(low)) + 1}"
            width="${w}"
            y="${(foot - (band * images) / most).toFixed(1)}"
            height="${((band * images) / most).toFixed(1)}"
            fill="var(--soft)"
            opacity="0.6"
            >${title}</rect
          >`
      })}
      <line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="var(--soft)" stroke-dasharray="4 4" />
      <text x="${x(0.5)}" y="${foot + 32}" text-anchor="middle">confidence, %</text>
      <text transform="translate(10 ${top + side / 2}) rotate(-90)" text-anchor="middle">accuracy, %</text>
    </svg>
    <figcaption>
      ECE ${percent(calibration.ece, 2)} on ${count(calibration.images)} predictions; a perfectly calibrated model would
      show about ${percent(chanceEce(calibration), 2)} by chance. Orange: mean confidence of the bin; pale: fewer than
      10.
    </figcaption>
  </figure>`
}
