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

/** Of `b` against `a`, image by image. */
export type Comparison = ModelCompareAnswer
export type EvaluationComparison = JobCompareEvaluationsAnswer

/** An imclr service, as a set of verbs. */
export interface Client {
  datasets: {
    /** Uploads an archive or a folder; resolves when it is checked, packed and ready. */
    upload(from: string | URL | Blob | Uint8Array, options?: UploadOptions): Promise<Dataset>
    get(versionId: string): Promise<Omit<Dataset, 'name'>>
    /** An address, good for a quarter of an hour, of a picture (PNG): some test images under every corruption at severities 1 to 5. */
    previewCorruptions(dataset: { versionId: string } | string): Promise<string>
  }
  /** `sdk.train(dataset, { mode: 'imclr' })`: resolves when queued. */
  train(dataset: { versionId: string } | string, options?: TrainOptions, call?: CallOptions): Promise<Job>
  jobs: { get(jobId: string): Promise<Job> }
  /** A registered model on the test images of any version with the same classes, or on a stored evaluation set: a job of its own. */
  evaluate(
    model: { id: string } | string,
    dataset: { versionId: string } | string,
    options?: EvaluateOptions,
  ): Promise<EvaluationJob>
  evaluations: {
    get(jobId: string): Promise<Evaluation>
    /** Paired, as `compare` does it for models: `b` against `a` on the test images of the version that both are of. */
    compare(a: { jobId: string } | string, b: { jobId: string } | string): Promise<EvaluationComparison>
  }
  models: {
    get(modelId: string): Promise<Model>
    /** Runs here: `predict(image)` gives label and probability. */
    load<Label extends string = string>(
      model: { id: string } | string,
      options?: LoadOptions,
    ): Promise<LoadedModel<Label>>
    download(model: { id: string } | string, folder: string): Promise<string[]>
    report(model: { id: string } | string): Promise<Report>
  }
  networks: {
    /** `sdk.networks.upload('mobilenet/model.json')`: a layers model of your own, to be named in `network` or in `fineTune.from` of a training. */
    upload(from: string | URL | NetworkFiles, options?: NetworkUploadOptions): Promise<NetworkSummary>
    get(networkId: string): Promise<NetworkSummary>
    /** Refused while a model is made of it, or a job will train it. */
    delete(network: { id: string } | string): Promise<void>
  }
  experiments: {
    /** `sdk.experiments.run('label-budget', { scale: 'small', dataset })`: a preset, or arms x seeds x budgets of one's own; resolves when queued. */
    run(experiment: CreateExperimentRequest['experiment'], options: ExperimentOptions): Promise<Experiment>
    get(experimentId: string): Promise<Experiment>
  }
  /** Paired: `b` against `a` on the same test images, with a bootstrap interval and McNemar's test. */
  compare(a: { id: string } | string, b: { id: string } | string): Promise<Comparison>
  /** Every procedure of the service, generated from its router. */
  api: Api
}

const versionOf = (dataset: { versionId: string } | string): string =>
  typeof dataset === 'string' ? dataset : dataset.versionId
const jobOf = (evaluation: { jobId: string } | string): string =>
  typeof evaluation === 'string' ? evaluation : evaluation.jobId
const idOf = (thing: { id: string } | string): string => (typeof thing === 'string' ? thing : thing.id)

/**
 * Makes a client. Without options it takes IMCLR_URL and IMCLR_API_KEY, or the service that runs on this machine.
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
