import { createHash } from 'node:crypto'
import {
  artifactManifest,
  datasetManifest,
  evaluationManifest,
  Failure,
  type ArtifactManifest,
  type DatasetManifest,
  type EvaluationManifest,
  type Issue,
} from '@imclr/contract'
import { keys, type ObjectStore } from '@imclr/storage'

export interface Output {
  /** The attempt's prefix, which the output must lie under. */
  prefix: string
  manifestKey: string
  manifestSha256: string
}

interface ListedFile {
  path: string
  bytes: number
  sha256: string
}
interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: { path: PropertyKey[]; code?: string; message: string }[] } }
}

/**
 * Verifies an artifact: the manifest by its schema, every file by size and sha256. Returns the manifest and the bytes
 * of all files. Throws Failure ARTIFACT_INVALID.
 */
export async function verifyArtifact(
  store: ObjectStore,
  output: Output,
): Promise<{ manifest: ArtifactManifest; bytes: number }> {
  const { manifest, manifestBytes } = await readManifest(store, output, artifactManifest)
  await verifyFiles(store, output.prefix, manifest.files)
  return { manifest, bytes: manifestBytes + total(manifest.files) }
}

/** Verifies a prepared version: shards, labels, index, contact sheet, preview, originals. */
export async function verifyVersion(
  store: ObjectStore,
  output: Output,
): Promise<{ manifest: DatasetManifest; bytes: number }> {
  const { manifest, manifestBytes } = await readManifest(store, output, datasetManifest)
  const parts = Object.values(manifest.splits).flatMap(({ shards, labels }) => [...shards, ...(labels ? [labels] : [])])
  const files = [
    ...parts,
    manifest.index,
    manifest.contactSheet,
    ...(manifest.corruptionPreview ? [manifest.corruptionPreview] : []),
    ...manifest.originals,
  ]
  await verifyFiles(store, output.prefix, files)
  return { manifest, bytes: manifestBytes + total(files) }
}

/** Verifies an evaluation. */
export async function verifyEvaluation(store: ObjectStore, output: Output): Promise<EvaluationManifest> {
  const { manifest } = await readManifest(store, output, evaluationManifest)
  await verifyFiles(store, output.prefix, manifest.files)
  return manifest
}

const total = (files: ListedFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

async function readManifest<T>(
  store: ObjectStore,
  output: Output,
  schema: Schema<T>,
): Promise<{ manifest: T; manifestBytes: number }> {
  const { prefix, manifestKey, manifestSha256 } = output
  if (manifestKey !== keys.manifest(prefix))
    throw new Failure(
      'ARTIFACT_INVALID',
      `the trainer's manifest ${manifestKey} is not where it belongs, ${keys.manifest(prefix)}`,
    )
  const bytes = await missingIsInvalid(store.read(manifestKey), manifestKey)
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== manifestSha256)
    throw new Failure('ARTIFACT_INVALID', `${manifestKey} has sha256 ${found}; the trainer wrote ${manifestSha256}`)
  const parsed = schema.safeParse(asJson(bytes))
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, code, message }): Issue => ({
      path: path.map(String).join('.'),
      code: code ?? 'invalid',
      message,
    }))
    throw new Failure('ARTIFACT_INVALID', `${manifestKey} does not have the form of a manifest`, { issues })
  }
  return { manifest: parsed.data, manifestBytes: bytes.length }
}

function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

async function verifyFiles(store: ObjectStore, prefix: string, files: ListedFile[]): Promise<void> {
  const issues: Issue[] = []
  for (const file of files) {
    const problem = await verifyFile(store, prefix, file)
    if (problem !== null) issues.push({ path: file.path, code: 'ARTIFACT_INVALID', message: problem })
  }
  if (issues.length > 0)
    throw new Failure(
      'ARTIFACT_INVALID',
      `${issues.length} of the ${files.length} files under ${prefix} are not what the manifest says: ${issues[0]!.path} ${issues[0]!.message}`,
      { issues: issues.slice(0, 100) },
    )
}

/** Describes what is wrong with a file; null: nothing. Streams, so that no file is held in memory. */
async function verifyFile(
  store: ObjectStore,
  prefix: string,
  { path, bytes, sha256 }: ListedFile,
): Promise<string | null> {
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'has a path that leaves its folder'
  const head = await store.head(prefix + path)
  if (head === null) return 'is missing'
  if (head.bytes !== bytes) return `has ${head.bytes} bytes, not ${bytes}`
  const hash = createHash('sha256')
  const { body } = await store.get(prefix + path)
  for await (const chunk of body) hash.update(chunk as Uint8Array)
  return hash.digest('hex') === sha256 ? null : 'has another sha256'
}

async function missingIsInvalid<T>(reading: Promise<T>, key: string): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_FOUND')
      throw new Failure('ARTIFACT_INVALID', `${key} is missing`, { cause: error })
    throw error
  }
}
