import { html, htmlDocument } from '@imclr/page'
import type { Gallery } from './gallery.js'
import type { AnyReport } from './page/anyReport.js'
import { classTable } from './page/classes.js'
import { confusionSection } from './page/confusion.js'
import { corruptionSection } from './page/corruption.js'
import { detailsSection } from './page/details.js'
import { gallerySection } from './page/gallerySection.js'
import { headline, masthead } from './page/headline.js'
import { limitsSection } from './page/limits.js'
import { perturbationSection } from './page/perturbation.js'
import { reliabilitySection } from './page/reliability.js'
import { trainingCurves } from './page/training.js'

/** The report as one page. */
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
