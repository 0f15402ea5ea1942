import type { Connection } from '../connection/connect.js'
import { versionIdOf } from '../idOf.js'
import { getVersion, uploadDataset, type Dataset, type UploadOptions } from './uploadDataset.js'

/** The client's verbs for data sets. */
export const datasets = (connection: Connection) => ({
  datasets: {
    /**
     * Uploads an archive (zip, tar, tar.gz) or a folder. Resolves when the data set is checked, packed and ready. After
     * a broken connection or a crash, call it again with the same file: it continues where it stopped.
     *
     * @throws PrepareFailedError: `issues` lists every bad file with its problem and fix, `notes` what was done with
     * the others
     */
    upload(from: string | URL | Blob | Uint8Array, options: UploadOptions = {}): Promise<Dataset> {
      return uploadDataset(connection, from, options)
    },

    /** Reads a version of a data set by its id. */
    get(versionId: string): Promise<Omit<Dataset, 'name'>> {
      return getVersion(connection, versionId)
    },

    /**
     * Returns the address of a picture (PNG) that shows some test images under every corruption at severities 1 to 5.
     * It is valid for 15 minutes.
     */
    async previewCorruptions(dataset: { versionId: string } | string): Promise<string> {
      return (await connection.api.dataset.corruptionPreviewUrl({ versionId: versionIdOf(dataset) })).url
    },
  },
})
