export { isRunning, lockFolder } from './connection/lockFolder.js'
export { openDatabase, type DatabaseConfig } from './connection/openDatabase.js'
export { isConnectionError, isDiskFull } from './connection/openPostgres.js'
export { notify, type Channel, type Database, type Listener, type PgliteHandle, type Queries } from './database.js'
export type { Slice } from './newestFirst.js'
export * as schema from './schema.js'
export { unfinishedStates, type Runner, type StoredNetworkSummary, type StoredVersionSummary } from './schema.js'
// What a scheduler does with one attempt of a job.
export { claimJob, type Claim } from './attempt/claimJob.js'
export { finishJob, type Finish, type Result } from './attempt/finishJob.js'
export { jobInputs, type JobInputs } from './attempt/jobInputs.js'
export { renewLease, storeRunner, takeLease, type Fence } from './attempt/lease.js'
export { requeueJob, type Requeue } from './attempt/requeueJob.js'
export { storeLaunchProgress } from './attempt/storeLaunchProgress.js'
export { storeTrainerLines, type TrainerLine } from './attempt/storeTrainerLines.js'
export { cancelQueued, explainWaiting, listActive, listQueued, renewQueueEntries } from './attempt/unfinishedJobs.js'
// The queries of each table.
export {
  anyKeyExists,
  findKeysByPrefix,
  insertKey,
  listKeys,
  lockFirstStart,
  revokeKey,
  touchKey,
  type KeyRow,
} from './tables/apiKey.js'
export { deleteCollected, listCollectable, postponeCollection } from './tables/collect.js'
export {
  deleteDataset,
  findDataset,
  findOrInsertDataset,
  listDatasets,
  lockDataset,
  referencesToDataset,
  type DatasetRow,
} from './tables/dataset.js'
export {
  deleteExperiment,
  findExperiment,
  findOrInsertExperiment,
  listExperiments,
  lockExperiment,
  type ExperimentRow,
} from './tables/experiment.js'
export {
  findSameTraining,
  listRecords,
  listRuns,
  putRun,
  sharedRuns,
  storeRunRecord,
  type RunRow,
} from './tables/experimentRun.js'
export {
  claimIdempotency,
  deleteAnswersBefore,
  findIdempotency,
  storeAnswer,
  type IdempotencyRow,
  type IdempotentRequest,
} from './tables/idempotency.js'
export {
  countJobs,
  deleteJob,
  findJob,
  insertJob,
  listEvents,
  listJobs,
  lockJob,
  queuePosition,
  referencesToJob,
  requestCancel,
  storedEvaluateOptions,
  storedPrepareOptions,
  storedSpec,
  type JobFilter,
  type JobRow,
  type NewJob,
} from './tables/job.js'
export {
  deleteModel,
  findModel,
  findModelInAnyProject,
  listModels,
  lockModel,
  lockModelForShare,
  referencesToModel,
  setModelPublic,
  trainingSpeed,
  type ModelRow,
  type TrainingSpeed,
} from './tables/model.js'
export {
  deleteNetwork,
  findNetwork,
  findOrInsertNetwork,
  listNetworks,
  lockNetwork,
  lockNetworkForShare,
  referencesToNetwork,
  type NetworkRow,
} from './tables/network.js'
export { hasProbe, storeProbe } from './tables/probe.js'
export { findProject, insertProject, listProjects, type ProjectRow } from './tables/project.js'
export {
  countUploads,
  deleteUploadsBefore,
  findUpload,
  insertUpload,
  listExpiredUploads,
  lockUpload,
  markUploadAborted,
  markUploadCompleted,
  type UploadRow,
} from './tables/upload.js'
export {
  deleteVersions,
  findVersion,
  listVersions,
  lockVersion,
  lockVersionForShare,
  referencesToVersions,
  type VersionRow,
} from './tables/version.js'
