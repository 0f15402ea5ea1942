import { connect, type ClientOptions } from './connection/connect.js'
import type {
  Api,
  CallOptions,
  CreateExperimentRequest,
  JobCompareEvaluationsAnswer,
  ModelCompareAnswer,
  NetworkSummary,
  Report,
} from './generated/api.js'
import { getExperiment, runExperiment, type Experiment, type ExperimentOptions } from './experiments/experiment.js'
import { getVersion, uploadDataset, type Dataset, type UploadOptions } from './datasets/uploadDataset.js'
import { evaluate, getEvaluation, type EvaluateOptions, type Evaluation, type EvaluationJob } from './jobs/evaluate.js'
import { getJob, train, type Job, type TrainOptions } from './jobs/train.js'
import { loadModel, type LoadedModel, type LoadOptions } from './models/loadModel.js'
import { uploadNetwork, type NetworkFiles, type NetworkUploadOptions } from './networks/uploadNetwork.js'
import { getModel, getReport, type Model } from './models/model.js'

/** Compares model `b` with model `a`, image by image. */
export type Comparison = ModelCompareAnswer
/** Compares evaluation `b` with evaluation `a`, image by image. */
export type EvaluationComparison = JobCompareEvaluationsAnswer

/** The client of an imclr service. */
export interface Client {
  datasets: {
    /** Uploads an archive or a folder. Resolves when the data set is checked, packed and ready. */
    upload(from: string | URL | Blob | Uint8Array, options?: UploadOptions): Promise<Dataset>
    /** Reads a version of a data set by its id. */
    get(versionId: string): Promise<Omit<Dataset, 'name'>>
    /** Returns the address of a picture (PNG) that shows some test images under every corruption at severities 1 to 5. It is valid for 15 minutes. */
    previewCorruptions(dataset: { versionId: string } | string): Promise<string>
  }
  /** Submits a training: `sdk.train(dataset, { mode: 'imclr' })`. Resolves when the job is queued. */
  train(dataset: { versionId: string } | string, options?: TrainOptions, call?: CallOptions): Promise<Job>
  jobs: {
    /** Finds a training that was submitted before. */
    get(jobId: string): Promise<Job>
  }
  /** Submits an evaluation: measures a registered model on the test images of any version with the same classes, or on a stored evaluation set. */
  evaluate(
    model: { id: string } | string,
    dataset: { versionId: string } | string,
    options?: EvaluateOptions,
  ): Promise<EvaluationJob>
  evaluations: {
    /** Reads the result of an evaluation that has succeeded. */
    get(jobId: string): Promise<Evaluation>
    /** Compares evaluation `b` with `a`, paired by test image, as `compare` does for models. Both must be on the same version. */
    compare(a: { jobId: string } | string, b: { jobId: string } | string): Promise<EvaluationComparison>
  }
  models: {
    get(modelId: string): Promise<Model>
    /** Loads a model into this process: its `predict(image)` returns label and probability. */
    load<Label extends string = string>(
      model: { id: string } | string,
      options?: LoadOptions,
    ): Promise<LoadedModel<Label>>
    /** Downloads all files of a model into `folder`, checks each by its sha256, and returns their paths. */
    download(model: { id: string } | string, folder: string): Promise<string[]>
    /** Reads a model's robustness report. */
    report(model: { id: string } | string): Promise<Report>
  }
  networks: {
    /** Uploads a layers model of your own: `sdk.networks.upload('mobilenet/model.json')`. Name its id in `network` or `fineTune.from` of a training. */
    upload(from: string | URL | NetworkFiles, options?: NetworkUploadOptions): Promise<NetworkSummary>
    get(networkId: string): Promise<NetworkSummary>
    /** Deletes a network. Refused while a model is made from it or a job will train it. */
    delete(network: { id: string } | string): Promise<void>
  }
  experiments: {
    /** Runs a preset, or arms x seeds x budgets of your own: `sdk.experiments.run('label-budget', { scale: 'small', dataset })`. Resolves when the runs are queued. */
    run(experiment: CreateExperimentRequest['experiment'], options: ExperimentOptions): Promise<Experiment>
    get(experimentId: string): Promise<Experiment>
  }
  /** Compares model `b` with `a`, paired by test image, with a bootstrap interval and McNemar's test. */
  compare(a: { id: string } | string, b: { id: string } | string): Promise<Comparison>
  /** All procedures of the service, generated from its router. */
  api: Api
}

const versionOf = (dataset: { versionId: string } | string): string =>
  typeof dataset === 'string' ? dataset : dataset.versionId
const jobOf = (evaluation: { jobId: string } | string): string =>
  typeof evaluation === 'string' ? evaluation : evaluation.jobId
const idOf = (thing: { id: string } | string): string => (typeof thing === 'string' ? thing : thing.id)

/**
 * Creates a client. Without options it uses IMCLR_URL and IMCLR_API_KEY, or the service that runs on this machine.
 *
 * @example
 * const sdk = createClient()
 * const dataset = await sdk.datasets.upload('./pets.zip')
 * const job = await sdk.train(dataset, { mode: 'imclr' })
 * const model = await job.result()
 */
export function createClient(options: ClientOptions = {}): Client {
  const connection = connect(options)
  return {
    datasets: {
      upload: (from, uploadOptions) => uploadDataset(connection, from, uploadOptions),
      get: (versionId) => getVersion(connection, versionId),
      previewCorruptions: async (dataset) =>
        (await connection.api.dataset.corruptionPreviewUrl({ versionId: versionOf(dataset) })).url,
    },
    train: (dataset, trainOptions = {}, call = {}) => train(connection, { dataset, options: trainOptions, call }),
    jobs: { get: (jobId) => getJob(connection, jobId) },
    evaluate: (model, dataset, evaluateOptions = {}) =>
      evaluate(connection, { modelId: idOf(model), versionId: versionOf(dataset), options: evaluateOptions }),
    evaluations: {
      get: (jobId) => getEvaluation(connection, jobId),
      compare: (a, b) => connection.api.job.compareEvaluations({ a: jobOf(a), b: jobOf(b) }),
    },
    models: {
      get: (modelId) => getModel(connection, modelId),
      load: (model, loadOptions) => loadModel(connection, { id: idOf(model) }, loadOptions),
      download: async (model, folder) => (await getModel(connection, idOf(model))).download(folder),
      report: (model) => getReport(connection, idOf(model)),
    },
    networks: {
      upload: (from, uploadOptions) => uploadNetwork(connection, from, uploadOptions),
      get: (networkId) => connection.api.network.get({ networkId }),
      delete: async (network) => {
        await connection.api.network.delete({ networkId: idOf(network) })
      },
    },
    experiments: {
      run: (experiment, experimentOptions) => runExperiment(connection, experiment, experimentOptions),
      get: (experimentId) => getExperiment(connection, experimentId),
    },
    compare: (a, b) => connection.api.model.compare({ a: idOf(a), b: idOf(b) }),
    api: connection.api,
  }
}
