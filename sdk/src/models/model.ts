import type { Connection } from '../connection/connect.js'
import type { ModelSummary, Report } from '../generated/api.js'
import { downloadModel } from './downloadModel.js'

/** A registered model: trained, and checked on its golden outputs. */
export interface Model extends ModelSummary {
  /** The robustness report on your own test images. */
  report: Report
  /** Downloads every file and checks it by its sha256; continues where an earlier call stopped. */
  download(folder: string): Promise<string[]>
  /**
   * Returns an address that plain tfjs can load, in a browser too. It needs no key, and it expires (by default after 7
   * days).
   */
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
