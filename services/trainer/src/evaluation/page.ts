import { html, style } from '@imclr/page'
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

/**
 * The report as one HTML page that needs nothing else: no script, no request, pictures inside. Readable in light and dark, on narrow
 * screens and on paper.
 */
export function reportPage(report: AnyReport, gallery: Gallery | null): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${report.model.name}: report</title>
<style>${style}</style>
</head>
<body><main>
${masthead(report)}
${headline(report)}
${corruptionSection(report)}
${perturbationSection(report)}
${gallerySection(gallery)}
${classTable(report)}
${confusionSection(report)}
${reliabilitySection(report)}
${trainingCurves(report)}
${limitsSection(report)}
${detailsSection(report)}
<footer>Made by imclr ${report.environment.imclr}. All numbers of this page, and more, are in report.json; predictions per test image in predictions.bin.</footer>
</main></body>
</html>
`.text
}
