import type { Comparison, Model, Report } from '@imclr/sdk'

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const points = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(2)}`
const range = ({ low, high }: { low: number; high: number }): string => `${points(low)} to ${points(high)}`

type Row = [what: string, baseline: string, imclr: string]

/** Both robustness reports in one table. */
export function sideBySide(baseline: Report, imclr: Report): string {
  const rows: Row[] = [
    ['', 'baseline', 'imclr'],
    row('accuracy', [baseline, imclr], (report) => percent(report.clean.accuracy)),
    row(
      '  95 % interval (Wilson)',
      [baseline, imclr],
      ({ clean }) => `${(100 * clean.interval.low).toFixed(1)} to ${(100 * clean.interval.high).toFixed(1)} %`,
    ),
    row('balanced accuracy', [baseline, imclr], (report) => percent(report.clean.balancedAccuracy)),
    row('negative log-likelihood', [baseline, imclr], (report) => report.clean.negativeLogLikelihood.toFixed(4)),
    row('Brier score', [baseline, imclr], (report) => report.clean.brier.toFixed(4)),
    row('calibration error (ECE)', [baseline, imclr], (report) => percent(report.calibration.clean.ece)),
  ]
  if (baseline.corruption && imclr.corruption) {
    rows.push(row('mean corruption error', [baseline, imclr], ({ corruption }) => percent(corruption!.meanError)))
    for (const severity of [1, 2, 3, 4, 5])
      rows.push(
        row(`  severity ${severity}`, [baseline, imclr], ({ corruption }) =>
          percent(corruption!.perSeverity.find((entry) => entry.severity === severity)!.error),
        ),
      )
    for (const { corruption: name, benchmark } of imclr.corruption.perCorruption) {
      rows.push(
        row(`  ${name}${benchmark ? '' : ' (extra)'}`, [baseline, imclr], ({ corruption }) =>
          percent(corruption!.perCorruption.find((entry) => entry.corruption === name)!.error),
        ),
      )
    }
    const mCE = imclr.corruption.reference?.mCE
    rows.push(['mCE against the baseline', '100.0 %', mCE == null ? '-' : `${(100 * mCE).toFixed(1)} %`])
  }
  return rows.map(([what, a, b]) => `  ${what.padEnd(28)}${a.padStart(18)}${b.padStart(18)}`).join('\n')
}

const row = (what: string, reports: [Report, Report], read: (report: Report) => string): Row => [
  what,
  read(reports[0]),
  read(reports[1]),
]

/** The difference, its interval, and what this run is too small to show. */
export function verdict(comparison: Comparison, models: { baseline: Model; imclr: Model }): string {
  const { clean, corruption } = comparison
  const sure = clean.interval.low > 0 || clean.interval.high < 0
  const width = 50 * (clean.interval.high - clean.interval.low)
  return [
    `imclr minus baseline, on the same ${clean.images} test images: ${points(clean.difference)} points of accuracy,`,
    `  95 % interval ${range(clean.interval)} (paired bootstrap), McNemar p = ${clean.mcnemar.pValue.toPrecision(2)}.`,
    corruption
      ? `On ${corruption.images} of them under ${corruption.cells} corruption cells: ${points(corruption.difference)} points of error, interval ${range(corruption.interval)}.`
      : `No paired corruption errors: ${comparison.whyNoCorruption}.`,
    '',
    sure
      ? `The interval of accuracy excludes zero: on these test images ${clean.difference > 0 ? 'imclr' : 'the baseline'} was better.`
      : 'The interval of accuracy includes zero: without corruption, these test images cannot tell the two apart.',
    `This run is too small to show more: with ${clean.images} test images a difference below about ${width.toFixed(1)} points drowns in the choice of the images,`,
    `and one seed per arm (${models.imclr.report.model.seed}) does not show how much the seed matters. Train several seeds of each to know.`,
  ].join('\n')
}
