import type { Connection } from '../connection/connect.js'
import type { ModelCompareAnswer, Report } from '../generated/api.js'
import { idOf } from '../idOf.js'
import { loadModel, type LoadedModel, type LoadOptions } from './loadModel.js'
import { getModel, getReport, type Model } from './model.js'

/** Compares model `b` with model `a`, image by image. */
export type Comparison = ModelCompareAnswer

/** The client's verbs for models. */
export const models = (connection: Connection) => ({
  models: {
    /** Reads a registered model and its robustness report. */
    get(modelId: string): Promise<Model> {
      return getModel(connection, modelId)
    },

    /**
     * Loads a model into this process, and checks it on its golden inputs first. Its `predict(image)` returns label and
     * probability.
     *
     * @throws IntegrityError `GOLDEN_MISMATCH`
     */
    async load<Label extends string = string>(
      model: { id: string } | string,
      options: LoadOptions = {},
    ): Promise<LoadedModel<Label>> {
      return loadModel<Label>(connection, { id: idOf(model) }, options)
    },

    /** Downloads all files of a model into `folder`, checks each by its sha256, and returns their paths. */
    async download(model: { id: string } | string, folder: string): Promise<string[]> {
      return (await getModel(connection, idOf(model))).download(folder)
    },

    /** Reads a model's robustness report. */
    async report(model: { id: string } | string): Promise<Report> {
      return getReport(connection, idOf(model))
    },
  },

  /** Compares model `b` with `a`, paired by test image, with a bootstrap interval and McNemar's test. */
  async compare(a: { id: string } | string, b: { id: string } | string): Promise<Comparison> {
    return connection.api.model.compare({ a: idOf(a), b: idOf(b) })
  },
})
