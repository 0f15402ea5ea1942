import {
  artifactManifest,
  artifactPaths,
  Failure,
  report as reportSchema,
  type ArtifactManifest,
  type Report,
} from '@imclr/contract'
import type { ObjectStore } from '@imclr/storage'
import { loadModelFiles } from './layersModelFiles.js'
import type { LayersModel } from '../engine/tf.js'
import { sha256Of } from '../sha256Of.js'

export interface OpenedModel {
  manifest: ArtifactManifest
  manifestSha256: string
  /** The report of its training. */
  report: Report
  /** Pixels 0..255 to probabilities. The caller disposes of it. */
  model: LayersModel
}

/**
 * A registered model out of the store, every file checked against its manifest.
 *
 * @throws Failure CHECKSUM_MISMATCH, NOT_FOUND
 */
export async function openModel(store: ObjectStore, prefix: string): Promise<OpenedModel> {
  const bytes = await store.read(prefix + artifactPaths.manifest)
  const manifest = artifactManifest.parse(JSON.parse(Buffer.from(bytes).toString()))
  const read = async (path: string) => {
    const content = await store.read(prefix + path)
    if (manifest.files.find((file) => file.path === path)?.sha256 !== sha256Of(content))
      throw new Failure('CHECKSUM_MISMATCH', `${prefix}${path} is not what the model's manifest says it is`)
    return content
  }
  const [json, weights, report] = await Promise.all([
    read(artifactPaths.model),
    read(artifactPaths.weights),
    read(artifactPaths.report),
  ])
  return {
    manifest,
    manifestSha256: sha256Of(bytes),
    report: reportSchema.parse(JSON.parse(Buffer.from(report).toString())),
    model: await loadModelFiles({ json, weights }),
  }
}
