import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { datasetManifest, Failure, type DatasetManifest, type PrepareJobFile } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import type { Archive } from '../archive/archive.js'
import { Decoded } from '../decode/decoded.js'
import { chooseSize } from '../decode/measureItems.js'
import type { Notes } from '../notes.js'
import { contactSheet } from '../version/contactSheet.js'
import { putFile } from '../version/writeSplit.js'
import { picturesOfCorruption, type StoredSet } from './findStoredSet.js'
import { sha256Of } from '../../sha256Of.js'

export interface WriteStoredSet {
  job: Pick<PrepareJobFile, 'projectId' | 'outputPrefix' | 'options' | 'maxImages'>
  store: ObjectStore
  /** For temporary files. */
  folder: string
  archive: Archive
  found: StoredSet
  notes: Notes
  signal: AbortSignal
  onDone: (images: number) => void
}

/** A shard holds images of one severity, as many as fit. */
const maxShardBytes = 32 * 2 ** 20
const perClassOnSheet = 10

/**
 * Writes a stored evaluation set as a version: all its pictures are test images, in the order of corruptions,
 * severities and rows, and `storedCells` says which are which. One file of the archive is in memory at a time.
 */
export async function writeStoredSet({
  job,
  store,
  folder,
  archive,
  found,
  notes,
  signal,
  onDone,
}: WriteStoredSet): Promise<{ manifestKey: string; manifestSha256: string }> {
  const { projectId, outputPrefix: prefix, options, maxImages } = job
  const { classes, labels, severities, height, width, corruptions } = found
  const perCorruption = severities * labels.length
  const total = corruptions.length * perCorruption
  if (total > maxImages)
    throw new Failure('DATASET_TOO_LARGE', `the set has ${total} images; the limit maxImages is ${maxImages}`)
  const wanted = options.imageSize === null ? found : chooseSize(options.imageSize, [])
  if (wanted.height !== height || wanted.width !== width) {
    throw new Failure(
      'DATASET_INVALID',
      `a stored evaluation set is used as it is: it has ${width} x ${height} pixels, and imageSize asks for ${wanted.width} x ${wanted.height}`,
    )
  }
  const bytes = height * width * 3
  const perShard = Math.max(1, Math.floor(maxShardBytes / bytes))
  const shards: DatasetManifest['splits']['test']['shards'] = []
  const storedCells: NonNullable<DatasetManifest['storedCells']> = []
  const sheetRows = firstOfEach(labels, classes.length)
  using sheetPictures = new Decoded(sheetRows.length, { height, width }, join(folder, 'sheet'))
  const index = createHash('sha256')
  let indexBytes = 0
  const lines = async function* () {
    for (const [place, { name, file, path }] of corruptions.entries()) {
      const pixels = await picturesOfCorruption({ path, read: () => archive.read(file) }, found)
      if (place === 0)
        sheetRows.forEach((row, i) => sheetPictures.put(i, pixels.subarray(row * bytes, (row + 1) * bytes)))
      for (let severity = 1; severity <= severities; severity++) {
        const first = (severity - 1) * labels.length
        storedCells.push({ corruption: name, severity, first: place * perCorruption + first, count: labels.length })
        for (let from = 0; from < labels.length; from += perShard) {
          signal.throwIfAborted()
          const count = Math.min(perShard, labels.length - from)
          const some = pixels.subarray((first + from) * bytes, (first + from + count) * bytes)
          const shard = await putFile(store, prefix, {
            path: `test-${String(shards.length).padStart(5, '0')}.bin`,
            bytes: some,
            contentType: 'application/octet-stream',
          })
          shards.push({ ...shard, count })
          onDone(count)
          for (let i = 0; i < count; i++) {
            const row = first + from + i
            const sha256 = createHash('sha256')
              .update(some.subarray(i * bytes, (i + 1) * bytes))
              .digest('hex')
            const line = Buffer.from(
              `${JSON.stringify({ split: 'test', position: place * perCorruption + row, path: `${path}/${String(row).padStart(5, '0')}`, sha256 })}\n`,
            )
            index.update(line)
            indexBytes += line.length
            yield line
          }
        }
      }
    }
  }
  const indexFile = join(folder, 'index.jsonl')
  await pipeline(Readable.from(lines()), createWriteStream(indexFile))
  const indexEntry = { path: 'index.jsonl', bytes: indexBytes, sha256: index.digest('hex') }
  await store.put(prefix + indexEntry.path, createReadStream(indexFile), {
    contentType: 'application/jsonl',
    sha256: indexEntry.sha256,
    bytes: indexBytes,
  })

  const allLabels = Buffer.alloc(total * 2)
  for (let i = 0; i < total; i++) allLabels.writeUInt16LE(labels[i % labels.length]!, i * 2)
  const labelsFile = await putFile(store, prefix, {
    path: 'test-labels.bin',
    bytes: allLabels,
    contentType: 'application/octet-stream',
  })
  const picture = { height, width, fit: options.fit, kernel: 'lanczos3' as const }
  const contentSha256 = sha256Of(
    JSON.stringify({
      classes,
      picture,
      storedCells,
      files: [...shards, labelsFile].map((file) => [file.path, file.sha256]),
    }),
  )
  const sheet = await contactSheet({
    classes,
    train: Uint32Array.from(sheetRows, (_, i) => i),
    labelOf: (i) => labels[sheetRows[i]!]!,
    decoded: sheetPictures,
    notes: notes.list,
  })
  const none = { count: 0, perClass: classes.map(() => 0), shards: [], labels: null }
  const perClass = classes.map(() => 0)
  for (const label of labels) perClass[label]! += severities * corruptions.length
  const manifest: DatasetManifest = {
    schemaVersion: 1,
    versionId: `ver_${sha256Of(projectId + contentSha256).slice(0, 32)}`,
    contentSha256,
    format: `stored corruptions in ${archive.format}`,
    classes,
    picture,
    options,
    splits: {
      train: none,
      validation: none,
      test: { count: total, perClass, shards, labels: labelsFile },
      unlabelled: none,
    },
    index: indexEntry,
    folds: null,
    channelMean: [0, 0, 0],
    channelStd: [0, 0, 0],
    testWasGiven: true,
    removedDuplicates: [],
    removedDuplicateCount: 0,
    nearDuplicates: [],
    nearDuplicateCount: 0,
    skipped: [],
    skippedCount: 0,
    notes: notes.list,
    contactSheet: await putFile(store, prefix, { path: 'contact-sheet.png', bytes: sheet, contentType: 'image/png' }),
    corruptionPreview: null,
    storedCells,
    originals: [],
  }
  signal.throwIfAborted()
  const { path, sha256: manifestSha256 } = await putFile(store, prefix, {
    path: 'manifest.json',
    bytes: Buffer.from(JSON.stringify(datasetManifest.parse(manifest), null, 1)),
    contentType: 'application/json',
  })
  return { manifestKey: prefix + path, manifestSha256 }
}

/** Places of the first images of every class. */
function firstOfEach(labels: Uint16Array, classes: number): number[] {
  const seen = new Uint32Array(classes)
  return Array.from(labels.keys()).filter((row) => seen[labels[row]!]!++ < perClassOnSheet)
}
