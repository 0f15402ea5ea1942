import { artifactPaths, Failure } from '@imclr/contract'
import type { ArtifactManifest, DatasetManifest, Report, TrainJobFile, TrainingPosition } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { OpenedNetwork } from '../networks/openNetwork.js'
import type { LayersModel } from '../engine/tf.js'
import { modelAfter } from '../evaluation/refuseNotFinite.js'
import { makeGolden } from './golden.js'
import type { GoldenInput } from './golden.js'
import { layersModelFiles } from '../networks/layersModelFiles.js'
import { modelCard } from './modelCard.js'
import { uploadFiles, verifyArtifact, writeManifest } from './publishArtifact.js'
import type { ArtifactContent } from './publishArtifact.js'

export interface ExportOptions {
  job: TrainJobFile
  dataset: DatasetManifest
  /** The serving model, from pixels 0..255 to probabilities. */
  model: LayersModel
  /** The trained network. */
  network: Pick<OpenedNetwork, 'title' | 'layers' | 'origin'>
  /** uint8 [count, height, width, 3] and their labels */
  test: { images: Uint8Array; labels: Uint16Array }
  report: Report
  page: string
  predictions: Uint8Array
  trained: TrainingPosition
  multiplyAddsPerSecond: number
  onProgress: (phase: 'exporting' | 'verifying', files: number) => void
}

/**
 * Writes the artifact: first every file; then it checks that the stored model loads and answers right; last the
 * manifest.
 * @throws Failure ARTIFACT_INVALID when that check fails, LOSS_NOT_FINITE when the model's answers are not finite. It
 *   writes no manifest then.
 */
export async function exportArtifact(
  store: ObjectStore,
  options: ExportOptions,
): Promise<{ manifestKey: string; manifestSha256: string }> {
  const { job, dataset, report, trained, onProgress } = options
  const originals = await readOriginals(store, options)
  const contents = await artifactContents(options, originals)
  onProgress('exporting', contents.length)
  const files = await uploadFiles(store, job.outputPrefix, contents)
  onProgress('verifying', files.length)
  const goldenDifference = await verifyArtifact(store, { prefix: job.outputPrefix, files })
  const manifest: ArtifactManifest = {
    schemaVersion: 1,
    jobId: job.jobId,
    attempt: job.attempt,
    name: job.name,
    network: job.spec.network,
    layers: options.network.layers,
    origin: options.network.origin,
    spec: job.spec,
    versionId: dataset.versionId,
    classes: dataset.classes,
    picture: dataset.picture,
    parameters: report.model.parameters,
    epochsTrained: trained.history.length,
    endedEarly: trained.endedEarly,
    accuracy: report.clean.accuracy,
    goldenDifference,
    multiplyAddsPerSecond: options.multiplyAddsPerSecond,
    files,
  }
  return writeManifest(store, job.outputPrefix, manifest)
}

interface Original extends GoldenInput {
  bytes: Uint8Array
  contentType: string
}

const endings: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
}

/**
 * The test images that a version keeps as they were uploaded, each with the pixels that the preparation made from it.
 */
async function readOriginals(store: ObjectStore, { job, dataset, test }: ExportOptions): Promise<Original[]> {
  const size = dataset.picture.height * dataset.picture.width * 3
  return Promise.all(
    dataset.originals.map(async ({ path, testPosition, contentType }, i) => ({
      original: `golden/${i}.${endings[contentType] ?? 'bin'}`,
      label: dataset.classes[test.labels[testPosition]!]!,
      pixels: test.images.subarray(testPosition * size, (testPosition + 1) * size),
      bytes: await store.read(job.versionPrefix + path),
      contentType,
    })),
  )
}

async function artifactContents(
  { dataset, model, network, report, page, predictions, trained, job }: ExportOptions,
  originals: Original[],
): Promise<ArtifactContent[]> {
  if (originals.length === 0)
    throw new Failure('INTERNAL', 'the data set version keeps no original test images, so the model cannot be proven')
  const { json, weights } = await layersModelFiles(model)
  const golden = makeGolden(model, { picture: dataset.picture, inputs: originals, subject: modelAfter(trained) })
  const text = (path: string, contentType: string, content: string): ArtifactContent => ({
    path,
    contentType,
    bytes: Buffer.from(content),
  })
  const asJson = (path: string, content: unknown) => text(path, 'application/json', JSON.stringify(content, null, 1))
  return [
    { path: artifactPaths.model, contentType: 'application/json', bytes: json },
    { path: artifactPaths.weights, contentType: 'application/octet-stream', bytes: weights },
    asJson(artifactPaths.labels, { classes: dataset.classes, picture: dataset.picture }),
    asJson(artifactPaths.golden, golden),
    ...originals.map(({ original, contentType, bytes }) => ({ path: original, contentType, bytes })),
    asJson(artifactPaths.report, report),
    text(artifactPaths.page, 'text/html; charset=utf-8', page),
    { path: artifactPaths.predictions, contentType: 'application/octet-stream', bytes: predictions },
    text(artifactPaths.card, 'text/markdown; charset=utf-8', modelCard({ job, dataset, report, network })),
    asJson(artifactPaths.environment, report.environment),
  ]
}
