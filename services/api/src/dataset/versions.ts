import { datasetManifest, Failure, versionId, type DatasetManifest, type VersionSummary } from '@imclr/contract'
import { deleteVersions, findVersion, lockVersion, referencesToVersions, type VersionRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import { z } from 'zod'
import { addressOf, type Call } from '../request/context.js'
import { idempotent } from '../request/idempotent.js'
import { assertUnreferenced, requireObject } from '../request/references.js'

/** Finds a version of the caller's project. Throws Failure NOT_FOUND. */
export async function requireVersion({ database, caller }: Call, versionId: string): Promise<VersionRow> {
  const row = await findVersion(database.queries, { projectId: caller.projectId, versionId })
  if (row === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
  return row
}

export function toVersion({ id, datasetId, summary, bytes, createdAt }: VersionRow): VersionSummary {
  return { id, datasetId, ...summary, bytes, createdAt: createdAt.toISOString() }
}

export const deletedVersion = z.object({ versionId })

/**
 * Deletes a version with its files, in every data set that has it. Throws Failure IN_USE where models or unfinished
 * jobs need it.
 */
export async function deleteVersion(call: Call, input: { versionId: string }): Promise<z.infer<typeof deletedVersion>> {
  const { versionId } = input
  return idempotent(call, input, async (tx) => {
    const version = await lockVersion(tx, { projectId: call.caller.projectId, versionId })
    if (version === undefined) throw new Failure('NOT_FOUND', `There is no version ${versionId}`)
    assertUnreferenced(`Version ${versionId}`, await referencesToVersions(tx, [versionId]))
    await deleteVersions(tx, [versionId])
    return { versionId }
  })
}

/** What preparing found: counts, duplicates, the files that were left out, and the files of the version. */
export async function versionManifest(call: Call, { versionId }: { versionId: string }): Promise<DatasetManifest> {
  const { prefix } = await requireVersion(call, versionId)
  const bytes = await requireObject(call.store.read(keys.manifest(prefix)))
  return datasetManifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

export const signedUrl = z.object({ url: z.string(), expiresAt: z.iso.datetime() })

const expiresSeconds = 900

/** A URL of one file of a version. */
async function signFile(call: Call, versionId: string, path: string): Promise<z.infer<typeof signedUrl>> {
  const { prefix } = await requireVersion(call, versionId)
  return {
    url: addressOf(call, await call.store.signGet({ key: prefix + path, expiresSeconds })),
    expiresAt: new Date(call.clock().getTime() + expiresSeconds * 1000).toISOString(),
  }
}

/** The URL of a picture (PNG) with some images of every class. It expires after 15 minutes. */
export async function contactSheetUrl(
  call: Call,
  { versionId }: { versionId: string },
): Promise<z.infer<typeof signedUrl>> {
  const { contactSheet } = await versionManifest(call, { versionId })
  return signFile(call, versionId, contactSheet.path)
}

/**
 * The URL of a picture (PNG) with some test images under every corruption at severities 1 to 5: what a robustness
 * report tests. It expires after 15 minutes. Throws Failure NOT_FOUND where the version has no such picture.
 */
export async function corruptionPreviewUrl(
  call: Call,
  { versionId }: { versionId: string },
): Promise<z.infer<typeof signedUrl>> {
  const { corruptionPreview } = await versionManifest(call, { versionId })
  if (corruptionPreview === null)
    throw new Failure(
      'NOT_FOUND',
      `Version ${versionId} has no preview of corruptions: it is a stored evaluation set, or was prepared before there were any; prepare the data again`,
    )
  return signFile(call, versionId, corruptionPreview.path)
}
