/** Data sets: what a user uploads, how pictures become bytes, and the manifest of one immutable version. */
import { z } from 'zod'
import { givenName } from './access.js'
import { issue } from './failure.js'
import { datasetId, uploadId, versionId } from './ids.js'
import { note } from './note.js'

/** In the order in which a version has them. `validation` is there only where the upload had such a part beside a test part. */
export const splits = ['train', 'validation', 'test', 'unlabelled'] as const
export type Split = (typeof splits)[number]

/** How a data set is prepared. The same rule brings a picture to the model at prediction (`picture` below). */
const side = z.int().min(8).max(256)
export const prepareOptions = z.strictObject({
  imageSize: z
    .union([side, z.strictObject({ height: side, width: side })])
    .nullable()
    .default(null), // pixels a side, or both; null: the size that all share where its sides are of 8-96, else 64 x 64
  fit: z.enum(['crop', 'letterbox', 'stretch']).default('crop'), // shorter side scaled, centre cropped | whole picture on black | both sides scaled
  testFraction: z.number().gt(0).lt(0.9).default(0.2), // where no test part is given: of each class, at least one image
  splitSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  labels: z.enum(['fine', 'coarse']).default('fine'), // CIFAR-100: its 100 classes or its 20 superclasses
  folders: z.enum(['auto', 'classes', 'splits']).default('auto'), // what folders called train, test and the like are, where what lies beside them leaves it open
  encoding: z.string().min(1).max(40).nullable().default(null), // of names in the archive and of tables that are not UTF-8 (shift_jis, windows-1252, cp437); null: such are refused
  onProblem: z.enum(['refuse', 'skip']).default('refuse'), // 'skip' leaves broken files out and lists them
  nearDuplicates: z.enum(['report', 'refuse', 'remove']).default('report'), // of test images, among training and unlabelled ones; exact copies are removed in any case
})
export type PrepareOptions = z.output<typeof prepareOptions>
export type PrepareOptionsInput = z.input<typeof prepareOptions>

/** How a picture becomes pixels: turned by EXIF, RGB (gray repeated, alpha over black), scaled by Lanczos-3, by `fit`. */
export const picture = z.object({
  height: z.int().positive(),
  width: z.int().positive(),
  fit: z.enum(['crop', 'letterbox', 'stretch']),
  kernel: z.literal('lanczos3'),
})
export type Picture = z.infer<typeof picture>

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const fileEntry = z.object({ path: z.string(), bytes: z.int().nonnegative(), sha256 })

/** One split: uint8 shards `[count, height, width, 3]` in order, and labels as uint16 little-endian (absent for unlabelled). */
export const splitManifest = z.object({
  count: z.int().nonnegative(),
  perClass: z.array(z.int().nonnegative()),
  shards: z.array(fileEntry.extend({ count: z.int().positive() })),
  labels: fileEntry.nullable(),
})

/** `train` is the path of the image, whose part `split` is. */
export const nearDuplicate = z.object({
  train: z.string(),
  test: z.string(),
  distance: z.int().nonnegative(),
  split: z.enum(splits).exclude(['test']).default('train'),
})

/** `manifest.json` of a version; paths are relative to it. Written last. */
export const datasetManifest = z.object({
  schemaVersion: z.literal(1),
  versionId,
  contentSha256: sha256, // over classes, picture, and the bytes of all shards and labels
  format: z.string(), // what was detected (docs/data.md), in what: cifar-binary in tar.gz
  classes: z.array(z.string()).min(2),
  picture,
  options: prepareOptions,
  splits: z.object({ train: splitManifest, validation: splitManifest, test: splitManifest, unlabelled: splitManifest }),
  index: fileEntry, // JSON lines, one per image in shard order: {"split","position","path","sha256"}
  folds: fileEntry.nullable().default(null), // JSON: for each fold the positions of its images in the training split (STL-10)
  channelMean: z.array(z.number()).length(3), // of the training pixels, 0..255
  channelStd: z.array(z.number()).length(3),
  testWasGiven: z.boolean(),
  removedDuplicates: z.array(z.object({ removed: z.string(), keptTest: z.string() })), // at most the first 1,000
  removedDuplicateCount: z.int().nonnegative(),
  nearDuplicates: z.array(nearDuplicate), // reported; removed where the options say so; at most the first 1,000
  nearDuplicateCount: z.int().nonnegative(),
  skipped: z.array(issue), // at most the first 1,000
  skippedCount: z.int().nonnegative(),
  notes: z.array(note), // everything that was ignored, renamed, merged or taken for something
  contactSheet: fileEntry, // PNG
  corruptionPreview: fileEntry.nullable().default(null), // PNG: test images under all corruptions at severities 1-5; null: made before there were any, or a stored set
  /** A stored evaluation set (CIFAR-10-C): which places of the test split are which cell. It has no training images. */
  storedCells: z
    .array(
      z.object({
        corruption: z.string(),
        severity: z.int().min(1).max(5),
        first: z.int().nonnegative(),
        count: z.int().positive(),
      }),
    )
    .nullable()
    .default(null),
  originals: z.array(fileEntry.extend({ testPosition: z.int().nonnegative(), contentType: z.string() })), // 8 test images as uploaded
})
export type DatasetManifest = z.infer<typeof datasetManifest>

/** What API and SDK show of a version. */
export const versionSummary = z.object({
  id: versionId,
  datasetId,
  classes: z.array(z.string()),
  picture,
  counts: z.object({ train: z.int(), validation: z.int(), test: z.int(), unlabelled: z.int() }),
  perClass: z.object({ train: z.array(z.int()), validation: z.array(z.int()), test: z.array(z.int()) }),
  format: z.string(),
  testWasGiven: z.boolean(),
  removedDuplicateCount: z.int(),
  nearDuplicateCount: z.int(),
  skippedCount: z.int(),
  notes: z.array(note),
  bytes: z.int(),
  createdAt: z.iso.datetime(),
})
export type VersionSummary = z.infer<typeof versionSummary>

export const datasetSummary = z.object({
  id: datasetId,
  name: z.string(),
  createdAt: z.iso.datetime(),
  latestVersionId: versionId.nullable(),
  preparingJobId: z.string().nullable(), // the latest prepare job where it has not ended
})
export type DatasetSummary = z.infer<typeof datasetSummary>

/** What is uploaded: one object, in parts of `partBytes`, each with its own checksum. */
export const createUploadRequest = z.strictObject({
  datasetName: givenName(),
  fileName: givenName(255),
  bytes: z.int().positive(),
})
export const upload = z.object({
  id: uploadId,
  datasetName: z.string(),
  bytes: z.int(),
  partBytes: z.int(),
  partCount: z.int(),
  state: z.enum(['open', 'completed', 'aborted']),
  expiresAt: z.iso.datetime(),
})
export type Upload = z.infer<typeof upload>
/** A part that the store holds, or that the client wants to send: base64 of its sha256. */
export const uploadPart = z.strictObject({ partNumber: z.int().min(1).max(10_000), sha256: z.base64().length(44) })
export type UploadPart = z.infer<typeof uploadPart>
export const signedPart = z.object({ partNumber: z.int(), url: z.string(), headers: z.record(z.string(), z.string()) })
