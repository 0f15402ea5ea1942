/** Data sets: the upload, how pictures become bytes, and the manifest of one immutable version. */
import { z } from 'zod'
import { givenName } from './access.js'
import { issue } from './failure.js'
import { datasetId, uploadId, versionId } from './ids.js'
import { note } from './note.js'

/**
 * The splits in their order in a version. A version has `validation` only if the upload had such a part beside a test
 * part.
 */
export const splits = ['train', 'validation', 'test', 'unlabelled'] as const
export type Split = (typeof splits)[number]

/** How a data set is prepared. At prediction the same rule turns a picture into the model's input (`picture` below). */
const side = z.int().min(8).max(256)
export const prepareOptions = z.strictObject({
  imageSize: z
    .union([side, z.strictObject({ height: side, width: side })])
    .nullable()
    .default(null), // pixels of both sides; null: the pictures' common size if its sides are within 8-96, else 64 x 64
  // Scale the shorter side and crop the centre | the whole picture on black | scale both sides.
  fit: z.enum(['crop', 'letterbox', 'stretch']).default('crop'),
  // Used if the upload has no test part: share of each class, at least one image.
  testFraction: z.number().gt(0).lt(0.9).default(0.2),
  splitSeed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  labels: z.enum(['fine', 'coarse']).default('fine'), // CIFAR-100: its 100 classes or its 20 superclasses
  // What folders with names like train and test mean, if the folders beside them leave it open.
  folders: z.enum(['auto', 'classes', 'splits']).default('auto'),
  // Encoding of names in the archive and of tables, if they are not UTF-8 (shift_jis, windows-1252, cp437). With null,
  // such names and tables are refused.
  encoding: z.string().min(1).max(40).nullable().default(null),
  onProblem: z.enum(['refuse', 'skip']).default('refuse'), // 'skip' leaves out broken files and lists them
  // What to do with near-duplicates of test images among training and unlabelled ones. Exact copies are always removed.
  nearDuplicates: z.enum(['report', 'refuse', 'remove']).default('report'),
})
export type PrepareOptions = z.output<typeof prepareOptions>
export type PrepareOptionsInput = z.input<typeof prepareOptions>

/**
 * How a picture becomes pixels: it is turned as EXIF says, converted to RGB (gray repeated, alpha over black), and
 * scaled with Lanczos-3 as `fit` says.
 */
export const picture = z.object({
  height: z.int().positive(),
  width: z.int().positive(),
  fit: z.enum(['crop', 'letterbox', 'stretch']),
  kernel: z.literal('lanczos3'),
})
export type Picture = z.infer<typeof picture>

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const fileEntry = z.object({ path: z.string(), bytes: z.int().nonnegative(), sha256 })

/**
 * One split: uint8 shards `[count, height, width, 3]` in order, and uint16 little-endian labels (absent for unlabelled
 * images).
 */
export const splitManifest = z.object({
  count: z.int().nonnegative(),
  perClass: z.array(z.int().nonnegative()),
  shards: z.array(fileEntry.extend({ count: z.int().positive() })),
  labels: fileEntry.nullable(),
})

/** `train` is the path of the image that resembles a test image; `split` is the split of that image. */
export const nearDuplicate = z.object({
  train: z.string(),
  test: z.string(),
  distance: z.int().nonnegative(),
  split: z.enum(splits).exclude(['test']).default('train'),
})

/** `manifest.json` of a version, which is written last. Paths are relative to it. */
export const datasetManifest = z.object({
  schemaVersion: z.literal(1),
  versionId,
  contentSha256: sha256, // hash over classes, picture, and the bytes of all shards and labels
  format: z.string(), // the detected form (docs/data.md) and its container: cifar-binary in tar.gz
  classes: z.array(z.string()).min(2),
  picture,
  options: prepareOptions,
  splits: z.object({ train: splitManifest, validation: splitManifest, test: splitManifest, unlabelled: splitManifest }),
  index: fileEntry, // JSON lines, one per image in shard order: {"split","position","path","sha256"}
  folds: fileEntry.nullable().default(null), // JSON: the positions of each fold's images in the training split (STL-10)
  channelMean: z.array(z.number()).length(3), // mean of the training pixels, 0..255
  channelStd: z.array(z.number()).length(3),
  testWasGiven: z.boolean(),
  removedDuplicates: z.array(z.object({ removed: z.string(), keptTest: z.string() })), // at most the first 1,000
  removedDuplicateCount: z.int().nonnegative(),
  nearDuplicates: z.array(nearDuplicate), // reported, or removed if the options say so; at most the first 1,000
  nearDuplicateCount: z.int().nonnegative(),
  skipped: z.array(issue), // at most the first 1,000
  skippedCount: z.int().nonnegative(),
  notes: z.array(note), // everything that was ignored, renamed, merged or taken for something
  contactSheet: fileEntry, // PNG
  // PNG: test images under all corruptions at severities 1-5. Null in a stored set, and in versions from before this
  // picture existed.
  corruptionPreview: fileEntry.nullable().default(null),
  /**
   * For a stored evaluation set (CIFAR-10-C): which places of the test split belong to which cell. Such a set has no
   * training images.
   */
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
  // 8 test images as uploaded
  originals: z.array(fileEntry.extend({ testPosition: z.int().nonnegative(), contentType: z.string() })),
})
export type DatasetManifest = z.infer<typeof datasetManifest>

/** The fields of a version that API and SDK show. */
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
  preparingJobId: z.string().nullable(), // the latest prepare job, if it has not ended
})
export type DatasetSummary = z.infer<typeof datasetSummary>

/** A request to upload one object in parts of `partBytes`. Each part has its own checksum. */
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
/** A part that the store holds, or that the client wants to send. `sha256` is in base64. */
export const uploadPart = z.strictObject({ partNumber: z.int().min(1).max(10_000), sha256: z.base64().length(44) })
export type UploadPart = z.infer<typeof uploadPart>
export const signedPart = z.object({ partNumber: z.int(), url: z.string(), headers: z.record(z.string(), z.string()) })
