import { html } from './html.js'
import { htmlDocument } from './htmlDocument.js'
import type { AnyReport } from './report/anyReport.js'
import { classTable } from './report/classes.js'
import { confusionSection } from './report/confusion.js'
import { corruptionSection } from './report/corruption.js'
import { detailsSection } from './report/details.js'
import { gallerySection, type Gallery } from './report/gallerySection.js'
import { headline, masthead } from './report/headline.js'
import { limitsSection } from './report/limits.js'
import { perturbationSection } from './report/perturbation.js'
import { reliabilitySection } from './report/reliability.js'
import { trainingCurves } from './report/training.js'

export type { Gallery }

/** The page of a report. */
export function reportPage(report: AnyReport, gallery: Gallery | null): string {
  const title = `${report.model.name}: report`
  return htmlDocument({
    title,
    body: html`${masthead(report)} ${headline(report)} ${corruptionSection(report)} ${perturbationSection(report)}
      ${gallerySection(gallery)} ${classTable(report)} ${confusionSection(report)} ${reliabilitySection(report)}
      ${trainingCurves(report)} ${limitsSection(report)} ${detailsSection(report)}
      <footer>
        Made by imclr ${report.environment.imclr}. All numbers of this page, and more, are in report.json; predictions
        per test image in predictions.bin.
      </footer>`,
  })
}
