/**
 * Data sets, versions and models as the service itself makes them, but for the trainer: a scheduler's calls, and files
 * put into the store.
 */
import { randomBytes } from 'node:crypto'
import {
  makeId,
  writePredictions,
  type ArtifactManifest,
  type DatasetManifest,
  type PrepareJob,
  type Report,
  type TrainingSpec,
  type TrainJob,
  type Upload,
} from '@imclr/contract'
import { claimJob, finishJob, storedSpec, storeTrainerLines } from '@imclr/database'
import { keys } from '@imclr/storage'
import { sha256, type CallOptions, type TestApi } from './testApi.js'

const classes = ['cat', 'dog', 'owl']
const picture = { height: 32, width: 32, fit: 'crop', kernel: 'lanczos3' } as const
const owner = 'test'

export interface SentPart {
  partNumber: number
  sha256: string
}

/** Cuts an archive into the upload's parts. */
export function cut(
  bytes: Uint8Array,
  { partBytes }: Pick<Upload, 'partBytes'>,
): { bytes: Uint8Array; part: SentPart }[] {
  return Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, i) => {
    const slice = bytes.subarray(i * partBytes, (i + 1) * partBytes)
    return { bytes: slice, part: { partNumber: i + 1, sha256: sha256(slice, 'base64') } }
  })
}

export async function sendParts(
  api: TestApi,
  uploadId: string,
  parts: { bytes: Uint8Array; part: SentPart }[],
  options: CallOptions = {},
): Promise<void> {
  const { parts: signed } = await api.mutate<{
    parts: { url: string; headers: Record<string, string>; partNumber: number }[]
  }>('dataset.signParts', { uploadId, parts: parts.map(({ part }) => part) }, options)
  for (const [i, { url, headers }] of signed.entries()) {
    const response = await fetch(url, { method: 'PUT', body: parts[i]!.bytes as Uint8Array<ArrayBuffer>, headers })
    if (!response.ok) throw new Error(`part ${i + 1}: ${response.status} ${await response.text()}`)
  }
}

export async function uploadArchive(
  api: TestApi,
  {
    bytes = randomBytes(100),
    datasetName = 'pets',
    options = {},
  }: { bytes?: Uint8Array; datasetName?: string; options?: CallOptions } = {},
): Promise<{ datasetId: string; job: PrepareJob; upload: Upload }> {
  const upload = await api.mutate<Upload>(
    'dataset.createUpload',
    { datasetName, fileName: 'pets.zip', bytes: bytes.length },
    options,
  )
  const parts = cut(bytes, upload)
  await sendParts(api, upload.id, parts, options)
  return {
    upload,
    ...(await api.mutate<{ datasetId: string; job: PrepareJob }>(
      'dataset.completeUpload',
      { uploadId: upload.id, parts: parts.map(({ part }) => part) },
      options,
    )),
  }
}

/** Starts a job as a scheduler would; gives the fence for its further writes. */
export async function startJob({ dependencies: { database } }: TestApi, jobId: string) {
  const row = await claimJob(database, {
    jobId,
    owner,
    leaseSeconds: 600,
    outputPrefix: ({ projectId, id, attempt }) => keys.output(projectId, id, attempt),
  })
  if (row === null) throw new Error(`${jobId} is not queued`)
  const fence = { jobId, attempt: row.attempt, owner }
  await storeTrainerLines(database, fence, [
    {
      number: 1,
      event: {
        type: 'started',
        engine: 'test',
        device: 'cpu',
        execution: 'graph',
        precision: 'float32',
        resumedFrom: null,
      },
    },
  ])
  return { fence, prefix: row.outputPrefix!, row }
}

const settled = { failure: null, endedEarly: null, secondsSpent: 1, leftovers: [], log: null }

export interface MadeVersion {
  versionId: string
  datasetId: string
  jobId: string
  uploadId: string
  prefix: string
  manifest: DatasetManifest
}

/** Uploads, and prepares as a trainer would have: 60 training and 30 test images of three classes. */
export async function makeVersion(
  api: TestApi,
  {
    datasetName = 'pets',
    options = {},
    content = randomBytes(8).toString('hex'),
    side = 32,
  }: { datasetName?: string; options?: CallOptions; content?: string; side?: number } = {},
): Promise<MadeVersion> {
  const { datasetId, job, upload } = await uploadArchive(api, { datasetName, options })
  const { fence, prefix } = await startJob(api, job.id)
  const versionId = `ver_${sha256(Buffer.from(job.projectId + content)).slice(0, 32)}`
  const scaled = { ...picture, height: side, width: side }
  const sheet = Buffer.from(`a picture of ${content}`)
  const preview = Buffer.from(`a preview of ${content}`)
  const file = (path: string, bytes: Uint8Array) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })
  const split = (count: number) => ({ count, perClass: classes.map(() => count / 3), shards: [], labels: null })
  const manifest: DatasetManifest = {
    schemaVersion: 1,
    versionId,
    contentSha256: sha256(Buffer.from(content)),
    format: 'folders in zip',
    classes,
    picture: scaled,
    options: job.options,
    splits: { train: split(60), validation: split(0), test: split(30), unlabelled: split(0) },
    index: file('index.jsonl', Buffer.alloc(0)),
    folds: null,
    channelMean: [1, 2, 3],
    channelStd: [1, 2, 3],
    testWasGiven: false,
    removedDuplicates: [],
    removedDuplicateCount: 0,
    nearDuplicates: [],
    nearDuplicateCount: 0,
    skipped: [],
    skippedCount: 0,
    notes: [],
    contactSheet: file('contact-sheet.png', sheet),
    corruptionPreview: file('corruption-preview.png', preview),
    storedCells: null,
    originals: [],
  }
  await api.dependencies.store.put(`${prefix}corruption-preview.png`, preview, { contentType: 'image/png' })
  await api.dependencies.store.put(`${prefix}contact-sheet.png`, sheet, { contentType: 'image/png' })
  await api.dependencies.store.put(`${prefix}manifest.json`, Buffer.from(JSON.stringify(manifest)), {
    contentType: 'application/json',
  })
  const summary = {
    classes,
    picture: scaled,
    counts: { train: 60, validation: 0, test: 30, unlabelled: 0 },
    perClass: { train: [20, 20, 20], validation: [0, 0, 0], test: [10, 10, 10] },
    format: manifest.format,
    testWasGiven: false,
    removedDuplicateCount: 0,
    nearDuplicateCount: 0,
    skippedCount: 0,
    notes: [],
  }
  await finishJob(api.dependencies.database, fence, {
    ...settled,
    state: 'succeeded',
    result: { kind: 'version', id: versionId, summary, bytes: 1234 },
  })
  return { versionId, datasetId, jobId: job.id, uploadId: upload.id, prefix, manifest }
}

/** A small spec that fits `makeVersion`'s data. */
export const smallSpec = { network: 'resnet8', epochs: 2, batchSize: 20 } as const

/** An experiment that fits it as well: two arms, one seed, which no other training here has. */
export const smallExperiment = {
  name: 'small',
  title: 'Small',
  arms: (['baseline', 'imclr'] as const).map((mode) => ({ name: mode, title: mode, spec: { ...smallSpec, mode } })),
  seeds: [2],
  requires: { testImages: 30 },
}

export interface MadeModel {
  modelId: string
  jobId: string
  prefix: string
  files: Map<string, Buffer>
}

/**
 * Submits, and trains as a trainer would have. `right`: how many of the 30 test images the model knows, the first ones.
 */
export async function makeModel(
  api: TestApi,
  versionId: string,
  {
    right = 20,
    mode = 'imclr',
    corruptionImages = 1000,
    options = {},
  }: { right?: number; mode?: 'imclr' | 'baseline'; corruptionImages?: number | 'none'; options?: CallOptions } = {},
): Promise<MadeModel> {
  const job = await api.mutate<TrainJob>(
    'job.submit',
    { versionId, name: `a ${mode} model`, spec: { ...smallSpec, mode, evaluation: { corruptionImages } } },
    options,
  )
  return trainJob(api, job.id, { versionId, right })
}

/** Of a stored set: `right` of 30 images, the first ones, are taken for what they are in each of two cells. */
export function corruptedPredictions({
  versionId,
  right,
  seed = 1,
}: {
  versionId: string
  right: number
  seed?: number
}): Buffer {
  const labels = Uint16Array.from({ length: 30 }, (_, i) => i % 3)
  const cells = [1, 2].map((severity) => ({ corruption: 'fog', severity, benchmark: true }))
  const corruptedClasses = Uint16Array.from({ length: 60 }, (_, at) =>
    at % 30 < right ? labels[at % 30]! : (labels[at % 30]! + 1) % 3,
  )
  return Buffer.from(
    writePredictions({
      versionId,
      classes: 3,
      images: 30,
      ids: null,
      labels,
      probabilities: new Float32Array(),
      corruption: { seed, table: '32', frost: 'stored' },
      cells,
      corruptedRows: Uint32Array.from(labels.keys()),
      corruptedClasses,
    }),
  )
}

/** A file of predictions for the 30 test images; `right` of them, the first ones, are right. */
export function cleanPredictions({ versionId, right }: { versionId: string; right: number }): Buffer {
  const labels = Uint16Array.from({ length: 30 }, (_, i) => i % 3)
  const probabilities = Float32Array.from({ length: 90 }, (_, i) =>
    (i % 3 === labels[Math.floor(i / 3)]!) === Math.floor(i / 3) < right ? 0.8 : 0.1,
  )
  return Buffer.from(
    writePredictions({
      versionId,
      classes: 3,
      images: 30,
      ids: null,
      labels,
      probabilities,
      corruption: null,
      cells: [],
      corruptedRows: new Uint32Array(),
      corruptedClasses: new Uint16Array(),
    }),
  )
}

/** Trains a job that was submitted, as a trainer would have. */
export async function trainJob(
  api: TestApi,
  jobId: string,
  { versionId, right }: { versionId: string; right: number },
): Promise<MadeModel> {
  const { fence, prefix, row } = await startJob(api, jobId)
  const spec = storedSpec(row)
  const predictions = cleanPredictions({ versionId, right })
  const files = new Map<string, Buffer>([
    ['model.json', Buffer.from('{"modelTopology":{},"weightsManifest":[{"paths":["weights.bin"],"weights":[]}]}')],
    ['weights.bin', randomBytes(100_000)],
    ['report.html', Buffer.from('<!doctype html><style>p { color: teal }</style><p>Report')],
    ['golden/1.png', randomBytes(50)],
    ['report.json', Buffer.from(JSON.stringify(shortReport(spec)))],
    ['predictions.bin', predictions],
  ])
  const types: Record<string, string> = {
    json: 'application/json',
    bin: 'application/octet-stream',
    html: 'text/html; charset=utf-8',
    png: 'image/png',
  }
  const listed = [...files].map(([path, bytes]) => ({
    path,
    bytes: bytes.length,
    sha256: sha256(bytes),
    contentType: types[path.split('.').at(-1)!]!,
  }))
  for (const { path, contentType } of listed)
    await api.dependencies.store.put(prefix + path, files.get(path)!, { contentType })
  const manifest: ArtifactManifest = {
    schemaVersion: 1,
    jobId,
    attempt: fence.attempt,
    name: `a ${spec.mode} model`,
    network: spec.network,
    layers: ['stem_conv', 'stage1_unit1_conv1'],
    origin: null,
    spec,
    versionId,
    classes,
    picture,
    parameters: 78_042,
    epochsTrained: 2,
    endedEarly: null,
    accuracy: right / 30,
    goldenDifference: 1e-6,
    multiplyAddsPerSecond: 5e9,
    files: listed,
  }
  const modelId = makeId('mdl', randomBytes(20))
  await finishJob(api.dependencies.database, fence, {
    ...settled,
    state: 'succeeded',
    result: { kind: 'model', id: modelId, manifest, bytes: 100_200 },
  })
  return { modelId, jobId, prefix, files }
}

/** What an experiment reads of a report. */
const shortReport = ({ mode, seed }: TrainingSpec): Pick<Report, 'model' | 'training' | 'environment'> => ({
  model: {
    name: 'm',
    mode,
    testInput: mode === 'imclr' ? 'self' : 'single',
    network: 'resnet8',
    networkTitle: 'ResNet-8',
    parameters: 78_042,
    epochsTrained: 2,
    trainImages: 60,
    seed,
    precision: 'float32',
    endedEarly: null,
  },
  training: {
    epochs: [1, 2].map((epoch) => ({
      epoch,
      loss: 1,
      labelEntropy: 0,
      learningRate: 0.1,
      steps: 3 * epoch,
      seconds: 0.5,
      imagesPerSecond: 120,
    })),
    validation: null,
    unlabelled: null,
  },
  environment: {
    imclr: '0.1.0',
    node: 'v22',
    tfjs: '4',
    tensorflow: '2',
    platform: 'linux',
    cpu: 'a CPU',
    cores: 2,
    device: 'cpu',
    threads: null,
  },
})
