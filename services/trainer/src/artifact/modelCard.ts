import {
  benchmarkCorruptions,
  severities,
  type DatasetManifest,
  type Environment,
  type Report,
  type TestInput,
  type TrainingSpec,
  type TrainJobFile,
} from '@imclr/contract'
import type { OpenedNetwork } from '../networks/openNetwork.js'
import { optimizerInWords, scheduleInWords, semiSupervisedInWords } from './recipeInWords.js'

export interface ModelCardInput {
  job: TrainJobFile
  dataset: DatasetManifest
  report: Report
  network: Pick<OpenedNetwork, 'title' | 'layers' | 'origin'>
}

/**
 * `model-card.md`: what a reader must know before using the model. Its form follows Mitchell et al. 2019, "Model Cards
 * for Model Reporting".
 */
export function modelCard({ job, dataset, report, network }: ModelCardInput): string {
  return [
    head(job, report, network),
    data(dataset, report),
    ...origin(network),
    recipe(job, report),
    numbers(report),
    limitations(report),
    use(job, dataset),
    licence(network),
    settings(job),
  ].join('\n')
}

function head(job: TrainJobFile, { model, dataset }: Report, { title }: ModelCardInput['network']): string {
  const { name, spec } = job
  const early = model.endedEarly
    ? ` The training was ended early (${model.endedEarly}), after ${model.epochsTrained} of ${spec.epochs} passes.`
    : ''
  return `# ${oneLine(name)}

An image classifier for ${dataset.classes.length} classes: ${oneLine(title)}, ${number(model.parameters)} parameters, trained with ${method(job)}.${early}
`
}

const partners: Record<TrainingSpec['stacking']['pairing'], string> = {
  permutation: 'a random permutation of the mini-batch',
  derangement: 'a random permutation of the mini-batch that leaves no image with itself',
  independent: 'drawn from all training images',
  'same-class': 'drawn from the training images of the same class',
  'different-class': 'drawn from the training images of the other classes',
}

const axes: Record<TrainingSpec['stacking']['axis'], string> = {
  height: 'the height',
  width: 'the width',
  random: 'the height or the width, drawn for each mini-batch',
}

const method = ({ spec }: TrainJobFile) =>
  spec.mode === 'imclr'
    ? `ImCLR (arXiv 2011.12618): each input was ${spec.stacking.images} images stacked along ${axes[spec.stacking.axis]}, its label the mean of theirs; partners: ${partners[spec.stacking.pairing]}`
    : 'ordinary single images (the baseline that ImCLR is compared with)'

function data(dataset: DatasetManifest, report: Report): string {
  const { counts, imageSize, testPerClass } = report.dataset
  const used =
    report.model.trainImages < counts.train
      ? `${number(report.model.trainImages)} of ${number(counts.train)}`
      : number(counts.train)
  const cut = dataset.testWasGiven
    ? 'The test split came with the data.'
    : `The test split was cut from the data (${percent(dataset.options.testFraction)} of each class, seed ${dataset.options.splitSeed}).`
  const rows = dataset.classes.map(
    (name, i) =>
      `| ${cell(name)} | ${number(dataset.splits.train.perClass[i] ?? 0)} | ${number(testPerClass[i] ?? 0)} |`,
  )
  return `## Data

Version \`${report.dataset.versionId}\`: ${used} images to train on, ${number(counts.test)} to test on, ${imageSize.width} x ${imageSize.height} pixels, RGB. ${cut}
${number(dataset.removedDuplicateCount)} exact copies of test images were removed from the training and unlabelled images; ${number(dataset.nearDuplicateCount)} training or unlabelled images look nearly like a test image; they were ${dataset.options.nearDuplicates === 'remove' ? 'removed too' : 'kept'}. ${number(dataset.skippedCount)} files were left out as unreadable.

| class | training images | test images |
| --- | ---: | ---: |
${rows.join('\n')}
`
}

/** The source of the first weights, if they were not drawn. */
function origin({ origin, layers }: ModelCardInput['network']): string[] {
  if (origin === null) return []
  const { id, name, sha256, frozen } = origin
  const kept =
    frozen.length === 0
      ? 'All layers were trained on.'
      : `${number(frozen.length)} of ${number(layers.length)} layers kept their weights and statistics${frozen.length < layers.length ? `: ${frozen.map(cell).join(', ')}` : ''}.`
  return [
    `## Origin

The first weights are those of ${cell(name)} (\`${id}\`, sha256 \`${sha256}\`), but for the last layer, which was drawn for these classes. ${kept}
`,
  ]
}

function recipe({ spec }: TrainJobFile, { model, training, environment }: Report): string {
  const last = training.epochs.at(-1)
  const { validation } = training
  const lines = [
    `- ${number(model.epochsTrained)} passes in batches of ${spec.batchSize}; ${optimizerInWords(spec)}`,
    `- learning rate ${scheduleInWords(spec)}`,
    `- each image: ${spec.augment.map(step).join('; ') || 'as it is'}${spec.mix.op === 'none' ? '' : `; mixed in pairs by ${step(spec.mix)}`}`,
    `- the weights are ${spec.emaDecay === null ? 'those' : `an exponential average over the steps (decay ${spec.emaDecay})`} after ${validation ? `epoch ${validation.epoch}, the best by ${number(validation.images)} ${validation.source === 'given' ? 'images of the validation part' : 'training images that were held back'} (${percent(validation.accuracy)} of them right)` : 'the last step'}`,
    `- seed ${spec.seed}, ${spec.precision}, on ${hardware(environment)}`,
  ]
  const { semiSupervised } = spec
  if (semiSupervised && training.unlabelled)
    lines.push(`- ${semiSupervisedInWords({ ...spec, semiSupervised }, training.unlabelled.images)}`)
  if (spec.labelSmoothing > 0) lines.push(`- label smoothing ${spec.labelSmoothing}`)
  if (last)
    lines.push(
      `- loss in the last epoch ${last.loss.toFixed(4)}; no loss could be below ${last.labelEntropy.toFixed(4)}, the entropy of the labels drawn`,
    )
  return `## Recipe\n\n${lines.join('\n')}\n`
}

const hardware = ({ gpu, driver, cuda, computeCapability, cpu }: Environment) =>
  gpu === undefined
    ? `a CPU (${oneLine(cpu)})`
    : `a GPU (${oneLine(gpu)}, compute capability ${computeCapability}, driver ${driver}, CUDA ${cuda})`

/** A step with its settings. Null stands for a value that follows from the size of the images. */
const step = ({ op, ...settings }: TrainingSpec['augment'][number] | TrainingSpec['mix']) =>
  [op, ...Object.entries(settings).map(([name, value]) => `${name} ${value ?? 'by default'}`)].join(', ')

function numbers({ clean, rawWeights, corruption, calibration, evaluated }: Report): string {
  const { low, high } = clean.interval
  const worst = [...clean.perClass].filter(({ recall }) => recall !== null).sort((a, b) => a.recall! - b.recall!)[0]
  const lines = [
    `| accuracy | ${percent(clean.accuracy)} | 95 % interval (Wilson) ${percent(low)} to ${percent(high)} |`,
    `| balanced accuracy | ${percent(clean.balancedAccuracy)} | mean over classes |`,
    `| negative log-likelihood | ${clean.negativeLogLikelihood.toFixed(4)} | nats per image |`,
    `| Brier score | ${clean.brier.toFixed(4)} | 0 best, 2 worst |`,
    `| expected calibration error | ${percent(calibration.clean.ece)} | ${calibration.clean.bins.length} equal bins |`,
  ]
  if (rawWeights)
    lines.push(
      `| accuracy without averaging | ${percent(rawWeights.accuracy)} | the same images, by the weights that were averaged; 95 % interval (Wilson) ${percent(rawWeights.interval.low)} to ${percent(rawWeights.interval.high)} |`,
    )
  if (worst)
    lines.push(
      `| weakest class | ${percent(worst.recall!)} | ${cell(worst.name)}, ${number(worst.support)} test images |`,
    )
  if (corruption)
    lines.push(
      `| error under corruption | ${percent(corruption.meanError)} | mean of ${benchmarkCorruptions} corruptions x ${severities.length} severities, ${number(corruption.images)} of ${number(corruption.total)} test images each; the same images uncorrupted: ${percent(corruption.cleanErrorOfSameImages)} |`,
    )
  return `## Measured

On ${number(evaluated.images)} of ${number(evaluated.total)} test images, read once, after the last step. Nothing was chosen by them.

| | | |
| --- | ---: | --- |
${lines.join('\n')}

\`report.json\` and \`report.html\` have all of it, by class, corruption and severity.
`
}

function limitations({ clean, notMeasured, corruption }: Report): string {
  const { low, high } = clean.interval
  const lines = [
    '- It knows the classes above and nothing else: a picture of anything else is given one of them, often with confidence.',
    `- The numbers hold for pictures like those of the test split. The interval of ${((high - low) * 100).toFixed(1)} points covers the chance of which pictures were drawn, not a shift to other cameras or places, and not the chance of the seed.`,
    corruption
      ? '- The corruptions are synthetic; robustness against them says little about an adversary.'
      : '- Robustness under corruption was not measured.',
    '- Fairness between groups of people was not examined. Do not use it to decide about people.',
    ...notMeasured.map((what) => `- Not measured: ${oneLine(what)}`),
  ]
  return `## Limits\n\n${lines.join('\n')}\n`
}

const inside: Record<TestInput, string> = {
  self: 'Normalisation is inside, and so is the stacking of a picture with itself.',
  single: 'Normalisation is inside. A picture is not stacked, though the training inputs were.',
  'self-mirror': 'Normalisation is inside, and so is the stacking of a picture with its mirror image.',
}

function use({ spec }: TrainJobFile, { picture, originals }: DatasetManifest): string {
  return `## Use

\`model.json\` is a TensorFlow.js layers model. Input: pixel values 0 to 255, \`[n, ${picture.height}, ${picture.width}, 3]\`, RGB; output: probabilities in the order of \`labels.json\`.
${spec.mode === 'imclr' ? inside[spec.stacking.testInput] : 'Normalisation is inside.'} A picture is turned by its EXIF orientation, made RGB (alpha over black) and brought to size by \`${picture.fit}\` with ${picture.kernel}.
\`golden.json\` has ${originals.length} inputs with the outputs the model must give, wherever it runs.
`
}

const licence = ({ origin }: ModelCardInput['network']) => `## Licence

The licence of the training images is not known to the service that made this model. Whoever uploaded them must know what it allows, and name it here before passing the model on.
${
  origin?.licence == null
    ? ''
    : `
What the first weights came with:

${origin.licence.replace(/^/gm, '    ')}
`
}`

/** The complete spec, so that the card omits no option. */
const settings = ({ spec }: TrainJobFile) => `## Every setting

\`\`\`json
${JSON.stringify(spec, null, 2).replaceAll('`', '\\u0060')}
\`\`\`
`

const number = (value: number) => value.toLocaleString('en-US')
const percent = (share: number) => `${(100 * share).toFixed(2)} %`
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim()
/**
 * Escapes a class name for a table cell. Class names come from users, so they must not break the table or become
 * markup.
 */
const cell = (text: string) => oneLine(text).replace(/[\\|`<>[\]*_]/g, '\\$&')
