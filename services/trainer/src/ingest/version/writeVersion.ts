import { datasetManifest, evaluateOptions } from '@imclr/contract'
import type { DatasetManifest, Picture, PrepareJobFile, Split } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { Archive } from '../archive/archive.js'
import type { Decoded } from '../decode/decoded.js'
import type { Headers } from '../decode/measureItems.js'
import { oneOfSomeClasses } from './oneOfSomeClasses.js'
import { previewSheet } from './previewSheet.js'
import type { Removed } from '../duplicates/removeDuplicates.js'
import type { SettledNear } from '../duplicates/settleNearDuplicates.js'
import type { DetectedLayout } from '../layout/detectedLayout.js'
import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import type { SplitIndices } from '../splitItems.js'
import { contactSheet } from './contactSheet.js'
import { pickOriginals } from './pickOriginals.js'
import { writeFolds } from './writeFolds.js'
import { writeIndex } from './writeIndex.js'
import { putFile, writeSplit } from './writeSplit.js'
import { sha256Of } from '../../sha256Of.js'

/** How many duplicates the manifest names. It counts them all. */
const maxNamed = 1000
/** How many test images the preview of corruptions shows. */
const previewed = 2

export interface WriteVersion {
  job: Pick<PrepareJobFile, 'projectId' | 'outputPrefix' | 'options'>
  store: ObjectStore
  /** For temporary files. */
  folder: string
  archive: Archive
  detected: DetectedLayout
  headers: Headers | null
  picture: Picture
  decoded: Decoded
  splitIndices: SplitIndices
  removed: readonly Removed[]
  near: readonly SettledNear[]
  problems: Problems
  notes: Notes
  signal: AbortSignal
  onDone: (images: number) => void
}

/** Writes all files of a version under `outputPrefix`, the manifest last. The same input gives the same bytes. */
export async function writeVersion(version: WriteVersion): Promise<{ manifestKey: string; manifestSha256: string }> {
  const { job, store, archive, detected, picture, decoded, splitIndices, problems, notes } = version
  const { projectId, outputPrefix: prefix, options } = job
  const { classes, items } = detected
  const labelOf = (index: number) => items[index]!.label
  const pathOf = (index: number) => items[index]!.path
  const pack = (name: Split) =>
    writeSplit({ ...version, prefix, name, indices: splitIndices[name], labelOf, classCount: classes.length })

  const train = await pack('train')
  const validation = await pack('validation')
  const test = await pack('test')
  const unlabelled = await pack('unlabelled')
  const splits = { train: train.split, validation: validation.split, test: test.split, unlabelled: unlabelled.split }
  const files = Object.values(splits).flatMap(({ shards, labels }) => [...shards, ...(labels === null ? [] : [labels])])
  const contentSha256 = sha256Of(
    JSON.stringify({ classes, picture, files: files.map((file) => [file.path, file.sha256]) }),
  )
  const versionId = `ver_${sha256Of(projectId + contentSha256).slice(0, 32)}`

  const sheet = await contactSheet({ classes, train: splitIndices.train, labelOf, decoded, notes: notes.list })
  const skipped = problems.skipped
  const manifest: DatasetManifest = {
    schemaVersion: 1,
    versionId,
    contentSha256,
    format: `${detected.layout} in ${archive.format}`,
    classes,
    picture,
    options,
    splits,
    index: await writeIndex({ ...version, prefix, items }),
    folds:
      detected.folds === null
        ? null
        : await writeFolds({ store, prefix, folds: detected.folds, train: splitIndices.train }),
    channelMean: train.statistics.mean,
    channelStd: train.statistics.std,
    testWasGiven: detected.testWasGiven,
    removedDuplicates: version.removed
      .slice(0, maxNamed)
      .map(({ removed, keptTest }) => ({ removed: pathOf(removed), keptTest: pathOf(keptTest) })),
    removedDuplicateCount: version.removed.length,
    nearDuplicates: version.near
      .slice(0, maxNamed)
      .map(({ image, test, distance, split }) => ({ train: pathOf(image), test: pathOf(test), distance, split })),
    nearDuplicateCount: version.near.length,
    skipped: skipped.issues,
    skippedCount: skipped.count,
    notes: notes.list,
    contactSheet: await putFile(store, prefix, { path: 'contact-sheet.png', bytes: sheet, contentType: 'image/png' }),
    corruptionPreview: await preview(version, labelOf),
    storedCells: null,
    originals: await pickOriginals({
      ...version,
      prefix,
      test: splitIndices.test,
      versionId,
      splitSeed: options.splitSeed,
    }),
  }
  version.signal.throwIfAborted()
  const { path, sha256: manifestSha256 } = await putFile(store, prefix, {
    path: 'manifest.json',
    bytes: Buffer.from(JSON.stringify(datasetManifest.parse(manifest), null, 1)),
    contentType: 'application/json',
  })
  return { manifestKey: prefix + path, manifestSha256 }
}

/** Some test images of different classes under all corruptions, with the noise of the default seed. */
async function preview(
  { store, job, decoded, splitIndices: { test }, detected: { classes } }: WriteVersion,
  labelOf: (index: number) => number,
): Promise<DatasetManifest['corruptionPreview']> {
  const { height, width } = decoded.size
  const rows = oneOfSomeClasses(Uint16Array.from(test, labelOf), Math.min(previewed, classes.length))
  const bytes = await previewSheet({
    images: decoded.pixels(Uint32Array.from(rows, (row) => test[row]!)),
    count: rows.length,
    height,
    width,
    rows,
    seed: evaluateOptions.parse({}).seed,
  })
  return putFile(store, job.outputPrefix, { path: 'corruption-preview.png', bytes, contentType: 'image/png' })
}
