import { wilsonInterval } from '@imclr/statistics'
import { benchmarkCorruptions, severities, type TestInput } from '@imclr/contract'
import { type Content, html, type Html } from '../html.js'
import { count, percent, range } from '../numbers.js'
import type { AnyReport } from './anyReport.js'

const tested: Record<TestInput, string> = {
  self: 'each picture stacked with itself',
  'self-mirror': 'each picture stacked with its mirror image',
  single: 'single pictures',
}

/** The measured model and its data. */
export function masthead({ model, dataset }: AnyReport): Html {
  const { height, width } = dataset.imageSize
  const mode =
    model.mode === 'imclr'
      ? `ImCLR: trained on stacked images, tested on ${tested[model.testInput]}`
      : 'Baseline: trained on single images'
  return html`<header>
    <span class="badge">${mode}</span>
    <h1>${model.name}</h1>
    <div class="facts">
      <span>Network <b>${model.networkTitle ?? model.network}</b>, ${count(model.parameters)} weights</span>
      <span>Data <b>${dataset.name ?? dataset.versionId}</b></span>
      <span>${dataset.classes.length} classes, ${width} × ${height} pixels</span>
      <span
        >Trained on <b>${count(model.trainImages)}</b> images for <b>${count(model.epochsTrained)}</b> epochs, seed
        ${model.seed}</span
      >
    </div>
    ${model.trainedOn !== undefined && html`<p class="note">An evaluation of the registered model <code>${model.id}</code>, trained on version <code>${model.trainedOn}</code>, on the test images of version <code>${dataset.versionId}</code>.</p>`}
    ${model.endedEarly && html`<p class="note">Training ended early (${model.endedEarly}); the model is the one that was there.</p>`}
  </header>`
}

function card(name: string, value: Content, more: Content): Html {
  return html`<div class="card">
    <div class="name">${name}</div>
    <div class="value">${value}</div>
    <div class="more">${more}</div>
  </div>`
}

const big = (text: string) => html`${text.replace(' %', '')}<small> %</small>`

/** The numbers to look at first, each with the number of images that it rests on. */
export function headline({ clean, corruption, perturbation, calibration, evaluated }: AnyReport): Html {
  const of =
    evaluated.images === evaluated.total
      ? `all ${count(evaluated.images)}`
      : `${count(evaluated.images)} of ${count(evaluated.total)}`
  const ofCorrupted = corruption && `${count(corruption.images)} of ${count(corruption.total)} test images`
  const cleanOfSame = corruption?.cleanErrorOfSameImages ?? null
  return html`<div class="cards">
      ${clean && card('Accuracy', big(percent(clean.accuracy, 2)), html`95 % interval ${range(clean.interval)}<br />${of} test images`)}
      ${clean && card('Balanced accuracy', big(percent(clean.balancedAccuracy, 2)), html`every class counts the same<br />${count(clean.images)} test images`)}
      ${corruption && card('Mean error under corruption', big(percent(corruption.meanError, 2)), html`${benchmarkCorruptions} corruptions × ${severities.length} severities${cleanOfSame !== null && `; the same images clean: ${percent(cleanOfSame)}`}<br />${ofCorrupted}`)}
      ${corruption?.reference && corruption.reference.mCE !== null && card('mCE', big(percent(corruption.reference.mCE)), html`against ${corruption.reference.name}; below 100 % is better<br />${ofCorrupted}`)}
      ${perturbation && card('Flips', big(percent(perturbation.meanFlip, 2)), html`of frames, 10 kinds of sequences${perturbation.reference && perturbation.reference.mFR !== null && html`; mFR ${percent(perturbation.reference.mFR)}`}<br />${count(perturbation.images)} of ${count(perturbation.total)} test images`)}
      ${calibration.clean && card('Calibration error', big(percent(calibration.clean.ece, 2)), html`${calibration.corrupted ? html`under corruption ${percent(calibration.corrupted.ece)}` : 'how far confidence is from accuracy'}<br />15 bins, ${count(calibration.clean.images)} test images`)}
      ${!calibration.clean && calibration.corrupted && card('Calibration error', big(percent(calibration.corrupted.ece, 2)), html`under corruption<br />15 bins, ${count(calibration.corrupted.images)} predictions`)}
    </div>
    ${clean && html`<p class="note" style="margin-top:14px">Also: ${clean.topK.map(({ k, accuracy }) => `top-${k} accuracy ${percent(accuracy, 2)}, `)}negative log-likelihood ${clean.negativeLogLikelihood.toFixed(4)} nats, Brier score ${clean.brier.toFixed(4)} (0 best, 2 worst). ${clean.correct === clean.images ? html`No error was seen; that leaves an error of up to ${percent(1 - wilsonInterval(clean.correct, clean.images).low)} possible.` : null}</p>`}`
}
