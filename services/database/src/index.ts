export { openDatabase, type DatabaseConfig } from './openDatabase.js'
export { isConnectionError, isDiskFull } from './openPostgres.js'
export { type Channel, type Database, type Listener, type PgliteHandle, type Queries } from './database.js'
export { notify } from './notify.js'
export * as schema from './schema.js'
export type { Runner, StoredNetworkSummary, StoredVersionSummary } from './schema.js'
export { isRunning, lockFolder } from './lockFolder.js'
// What a scheduler does with one attempt of a job.
export { claimJob, type Claim } from './attempt/claimJob.js'
export type { Fence, JobRow } from './attempt/fence.js'
export { finishJob, type Finish, type Result } from './attempt/finishJob.js'
export { recordRunner, renewLease, takeLease } from './attempt/lease.js'
export { jobInputs, type JobInputs } from './attempt/jobInputs.js'
export { cancelQueued, explainWaiting, listActive, listQueued, renewQueueEntries } from './attempt/listUnfinished.js'
export { recordLines, type TrainerLine } from './attempt/recordLines.js'
export { requeueJob, type Requeue } from './attempt/requeueJob.js'
// What the API reads and writes.
export { collected, collectLater, listCollectable } from './collect/collectPrefixes.js'
export { deleteDataset, lockDataset, neededOfDataset } from './dataset/deleteDataset.js'
export { deleteVersions, lockVersion, neededOfVersions } from './dataset/deleteVersion.js'
export { findDataset, listDatasets, type DatasetRow } from './dataset/findDataset.js'
export { findVersion, holdVersion, listVersions, type VersionRow } from './dataset/findVersion.js'
export { nameDataset } from './dataset/nameDataset.js'
export { findExperiment, listExperiments, lockExperiment } from './experiment/findExperiment.js'
export { nameExperiment, type ExperimentRow } from './experiment/nameExperiment.js'
export {
  deleteExperiment,
  experimentsOfJob,
  findSameTraining,
  keepRecord,
  listRecords,
  listRuns,
  putRun,
  sharedRuns,
  type RunRow,
} from './experiment/runs.js'
export {
  claimIdempotency,
  findIdempotency,
  forgetAnswers,
  keepAnswer,
  type Asked,
  type AskedRow,
} from './idempotency/answers.js'
export { deleteJob, neededOfJob } from './job/deleteJob.js'
export { findJob, lockJob, queuePosition } from './job/findJob.js'
export { insertJob } from './job/insertJob.js'
export { listEvents } from './job/listEvents.js'
export { countJobs, listJobs, unfinishedStates, type JobFilter } from './job/listJobs.js'
export { measuredSpeed } from './job/measuredSpeed.js'
export { requestCancel } from './job/requestCancel.js'
export { findKeysByPrefix } from './key/findKeysByPrefix.js'
export { anyKeyExists, lockFirstStart } from './key/firstKey.js'
export { insertKey, type KeyRow } from './key/insertKey.js'
export { listKeys } from './key/listKeys.js'
export { revokeKey } from './key/revokeKey.js'
export { touchKey } from './key/touchKey.js'
export { deleteModel, holdModel, lockModel, neededOfModel } from './model/deleteModel.js'
export { findAnyModel, findModel, listModels, type ModelRow } from './model/findModel.js'
export { setModelPublic } from './model/setModelPublic.js'
export { deleteNetwork, holdNetwork, lockNetwork, neededOfNetwork } from './network/deleteNetwork.js'
export { findNetwork, listNetworks, type NetworkRow } from './network/findNetwork.js'
export { insertNetwork } from './network/insertNetwork.js'
export type { Slice } from './page.js'
export { findProject } from './project/findProject.js'
export { insertProject, type ProjectRow } from './project/insertProject.js'
export { listProjects } from './project/listProjects.js'
export { closeUpload, forgetUploads, giveUpUpload } from './upload/closeUpload.js'
export { countUploads } from './upload/countUploads.js'
export { findUpload, lockUpload } from './upload/findUpload.js'
export { insertUpload, type UploadRow } from './upload/insertUpload.js'
export { listExpiredUploads } from './upload/listExpiredUploads.js'
