import type { Connection } from '../connection/connect.js'
import type { ModelSummary, Report } from '../generated/api.js'
import { downloadModel } from './downloadModel.js'

/** A trained, proven model. */
export interface Model extends ModelSummary {
  /** The robustness report on the user's own test images. */
  report: Report
  /** Fetches every file, checked by its sha256; goes on where an earlier call stopped. */
  download(folder: string): Promise<string[]>
  /** An address that opens in plain tfjs, in a browser too, without a key until it expires. */
  url(options?: { expiresInSeconds?: number }): Promise<string>
}

export async function getModel(connection: Connection, modelId: string): Promise<Model> {
  const summary = await connection.api.model.get({ modelId })
  return {
    ...summary,
    report: await getReport(connection, modelId),
    download: (folder) => downloadModel(connection, { model: summary, folder }),
    url: async (options = {}) => (await connection.api.model.url({ modelId, ...options })).url,
  }
}

export async function getReport(connection: Connection, modelId: string): Promise<Report> {
  return (await (await connection.get(`/v1/models/${modelId}/report.json`)).json()) as Report
}
