import { artifactManifest, artifactPaths, Failure, goldenFile } from '@imclr/contract'
import type { ArtifactFile, ArtifactManifest } from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { goldenDifference, goldenTolerance } from './golden.js'
import { loadModelFiles } from '../networks/layersModelFiles.js'
import { sha256Of } from '../sha256Of.js'

export interface ArtifactContent {
  path: string
  contentType: string
  bytes: Uint8Array
}

/** Stores the files under `prefix`, with their checksums. Nobody sees a model there before its manifest is written. */
export async function uploadFiles(
  store: ObjectStore,
  prefix: string,
  contents: readonly ArtifactContent[],
): Promise<ArtifactFile[]> {
  return Promise.all(
    contents.map(async ({ path, contentType, bytes }) => {
      const sha256 = sha256Of(bytes)
      await store.put(prefix + path, bytes, { contentType, sha256, bytes: bytes.length })
      return { path, bytes: bytes.length, sha256, contentType }
    }),
  )
}

/**
 * Downloads every file again, compares the checksums, loads the model from the downloaded files, and runs it on the
 * golden inputs.
 * @returns the largest difference in probability
 * @throws Failure ARTIFACT_INVALID
 */
export async function verifyArtifact(
  store: ObjectStore,
  { prefix, files }: { prefix: string; files: readonly ArtifactFile[] },
): Promise<number> {
  const downloaded = new Map<string, Uint8Array>()
  for (const { path, sha256 } of files) {
    const bytes = await store.read(prefix + path)
    if (sha256Of(bytes) !== sha256)
      throw new Failure('ARTIFACT_INVALID', `${path} came back from the object store other than it was written`)
    downloaded.set(path, bytes)
  }
  const file = (path: string) => downloaded.get(path) ?? new Uint8Array()
  const golden = goldenFile.parse(JSON.parse(Buffer.from(file(artifactPaths.golden)).toString()))
  const model = await loadModelFiles({ json: file(artifactPaths.model), weights: file(artifactPaths.weights) })
  const difference = goldenDifference(model, golden)
  model.dispose()
  if (!(difference <= goldenTolerance)) {
    throw new Failure(
      'ARTIFACT_INVALID',
      `the model loaded anew differs by ${difference} from its golden outputs; ${goldenTolerance} is allowed`,
    )
  }
  return difference
}

/** Writes an artifact's manifest. This must be the last write. @returns its key and sha256 */
export async function writeManifest(
  store: ObjectStore,
  prefix: string,
  manifest: ArtifactManifest,
): Promise<{ manifestKey: string; manifestSha256: string }> {
  return putManifest(store, prefix, artifactManifest.parse(manifest))
}

/** Writes any manifest. @returns its key and sha256 */
export async function putManifest(
  store: ObjectStore,
  prefix: string,
  manifest: object,
): Promise<{ manifestKey: string; manifestSha256: string }> {
  const bytes = Buffer.from(JSON.stringify(manifest, null, 1))
  const manifestKey = prefix + artifactPaths.manifest
  const manifestSha256 = sha256Of(bytes)
  await store.put(manifestKey, bytes, { contentType: 'application/json', sha256: manifestSha256, bytes: bytes.length })
  return { manifestKey, manifestSha256 }
}
