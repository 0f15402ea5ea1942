import { html, type Html } from '../html.js'
import { count } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

/** The formulae, what was left out, and the machine that made the numbers. The section is complete, but folded. */
export function detailsSection({
  notes,
  notMeasured,
  environment,
  dataset,
  evaluated,
  corruption,
  perturbation,
  model,
  clean,
  training,
}: AnyReport): Html {
  const { train, test, unlabelled } = dataset.counts
  return html`<section class="long">
    <h2>How this was measured</h2>
    <details open>
      <summary>Images</summary>
      <ul>
        <li>
          Data set version <code>${dataset.versionId}</code>: ${count(train)} training, ${count(test)}
          test${unlabelled > 0 ? `, ${count(unlabelled)} unlabelled` : ''} images.
          ${dataset.testWasGiven ? 'The test part came with the data.' : 'The test part was cut off the data, stratified by class.'}
        </li>
        ${model.trainedOn === undefined ? html`<li>Trained on ${count(model.trainImages)} of ${count(train)}${training?.unlabelled ? `, and without labels (${training.unlabelled.method}) on ${count(training.unlabelled.images)}` : ''}. The test part was read once, after training; nothing was chosen by it.</li>` : html`<li>The model was trained on ${count(model.trainImages)} images of another version. Whether images of this one were among them is not checked.</li>`}
        <li>
          ${clean ? `Clean numbers: ${count(evaluated.images)} of ${count(evaluated.total)} test images.` : 'Clean images: none.'}
          ${corruption ? `Corruptions: ${count(corruption.images)} of ${count(corruption.total)} in each of ${corruption.cells.length} cells.` : 'Corruptions: none.'}
          ${perturbation ? `Sequences: ${count(perturbation.images)} of each of ${perturbation.perturbations.length} kinds.` : 'Sequences: none.'}
        </li>
      </ul>
    </details>
    <details open>
      <summary>Formulae and choices</summary>
      <ul>
        ${notes.map((note) => html`<li>${note}</li>`)}
      </ul>
    </details>
    <details open>
      <summary>Not measured</summary>
      <ul>
        ${notMeasured.map((note) => html`<li>${note}</li>`)}
      </ul>
    </details>
    <details>
      <summary>Environment</summary>
      <div class="scroll">
        <table style="width:auto">
          <tbody>
            ${Object.entries(environment).map(
              ([key, value]) =>
                html`<tr>
                  <td>${key}</td>
                  <td style="text-align:left">${value ?? '–'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`
}
