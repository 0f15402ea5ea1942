import type { ExperimentReport } from '@imclr/experiments'
import { armsSection } from './experiment/arms.js'
import { budgetSection } from './experiment/budgets.js'
import { corruptedSection } from './experiment/corrupted.js'
import { differencesSection } from './experiment/differences.js'
import { experimentDetails } from './experiment/details.js'
import { experimentHeadline } from './experiment/headline.js'
import { html } from './html.js'
import { htmlDocument } from './htmlDocument.js'

/** The page of an experiment. */
export function experimentPage(report: ExperimentReport): string {
  const title = `${report.plan.title}: experiment`
  return htmlDocument({
    title,
    body: html`${experimentHeadline(report)} ${differencesSection(report)} ${budgetSection(report)}
      ${armsSection(report)} ${corruptedSection(report)} ${experimentDetails(report)}
      <footer>
        Made by imclr from stored runs. All numbers of this page, and more, are in report.json; it is drawn again from
        runs.json without training.
      </footer>`,
  })
}
