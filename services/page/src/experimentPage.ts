import type { ExperimentReport } from '@imclr/contract'
import { armsSection } from './experiment/arms.js'
import { budgetSection } from './experiment/budgets.js'
import { corruptedSection } from './experiment/corrupted.js'
import { differencesSection } from './experiment/differences.js'
import { experimentDetails } from './experiment/details.js'
import { experimentHeadline } from './experiment/headline.js'
import { html } from './html.js'
import { style } from './style.js'

/** An experiment as one HTML page that needs nothing else: no script, no request, drawings inside. */
export function experimentPage(report: ExperimentReport): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${report.plan.title}: experiment</title>
<style>${style}</style>
</head>
<body><main>
${experimentHeadline(report)}
${differencesSection(report)}
${budgetSection(report)}
${armsSection(report)}
${corruptedSection(report)}
${experimentDetails(report)}
<footer>Made by imclr from stored runs. All numbers of this page, and more, are in report.json; it is drawn again from runs.json without training.</footer>
</main></body>
</html>
`.text
}
