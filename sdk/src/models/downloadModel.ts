import type { Connection } from '../connection/connect.js'
import type { ArtifactFile, ModelSummary } from '../generated/api.js'
import { IntegrityError, localError } from '../errors.js'

/** Downloads all files of a model into `folder` and returns their paths. @throws IntegrityError `CHECKSUM_MISMATCH` */
export function downloadModel(
  connection: Connection,
  { model, folder }: { model: Pick<ModelSummary, 'id' | 'files'>; folder: string },
): Promise<string[]> {
  return downloadFiles(connection, { prefix: `/v1/models/${model.id}/`, files: model.files, folder })
}

export interface FilesToFetch {
  /** The beginning of their addresses; ends with a slash. */
  prefix: string
  files: ArtifactFile[]
  folder: string
}

/**
 * Downloads the listed files into `folder` and returns their paths. A file that is there already with the right sha256
 * is not downloaded again. A file appears under its name only when it is complete.
 *
 * @throws IntegrityError `CHECKSUM_MISMATCH`
 */
export async function downloadFiles(
  connection: Connection,
  { prefix, files, folder }: FilesToFetch,
): Promise<string[]> {
  const [{ mkdir, readFile, rename, writeFile }, { dirname, join }, { createHash }] = await Promise.all([
    import('node:fs/promises'),
    import('node:path'),
    import('node:crypto'),
  ])
  const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const paths: string[] = []
  for (const { path, sha256 } of files) {
    const target = join(folder, path)
    paths.push(target)
    const present = await readFile(target).catch(() => null)
    if (present && sum(present) === sha256) continue
    const bytes = new Uint8Array(await (await connection.get(`${prefix}${path}`)).arrayBuffer())
    if (sum(bytes) !== sha256)
      throw new IntegrityError(
        localError(
          'CHECKSUM_MISMATCH',
          `${prefix}${path} arrived with a sha256 that differs from its manifest.`,
          'Download it again.',
        ),
      )
    await mkdir(dirname(target), { recursive: true })
    await writeFile(`${target}.part`, bytes)
    await rename(`${target}.part`, target)
  }
  return paths
}
