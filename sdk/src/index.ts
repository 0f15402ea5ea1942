export { createClient, type Client } from './client.js'
export type { ClientOptions } from './connection/connect.js'
export type { Dataset, UploadOptions, UploadProgress } from './datasets/uploadDataset.js'
export type { FollowLinks } from './datasets/walkFolder.js'
export type { Experiment, ExperimentOptions, ExperimentWait } from './experiments/experiment.js'
export type { EvaluateOptions, Evaluation, EvaluationJob } from './jobs/evaluate.js'
export type { EvaluationComparison } from './jobs/evaluations.js'
export type { Job, TrainOptions } from './jobs/train.js'
export type { EventOptions, FollowOptions, JobUpdate } from './jobs/followJob.js'
export type { NetworkFiles, NetworkUploadOptions } from './networks/uploadNetwork.js'
export type { Model } from './models/model.js'
export type { Comparison } from './models/models.js'
export type { LoadedModel, LoadOptions, Prediction, TfjsRuntime } from './models/loadModel.js'
export {
  AuthenticationError,
  BadInputError,
  ConflictError,
  ConnectionError,
  EvaluationFailedError,
  ImclrError,
  IntegrityError,
  JobError,
  NotFoundError,
  PermissionError,
  PrepareFailedError,
  RateLimitError,
  ServiceError,
  TrainingCanceledError,
  TrainingFailedError,
  TrainingTimedOutError,
  WaitTimeoutError,
  type ErrorIssue,
} from './errors.js'
export type { Experiment as ExperimentRecord } from './generated/api.js'
export type * from './generated/api.js'
