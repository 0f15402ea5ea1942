/**
 * The service, as its table of contents. Every line below is a domain with its own router; every procedure in those is
 * one line: who may call it (`reading`, `writing`, `keeping`, `governing`), what it takes, what it gives, and the verb
 * that does it, in the file of that name. Beside them `server.ts` has the plain routes: health, metrics, signed objects,
 * and the files of models.
 */
import { datasetRouter } from './dataset/datasetRouter.js'
import { experimentRouter } from './experiment/experimentRouter.js'
import { jobRouter } from './job/jobRouter.js'
import { keyRouter } from './key/keyRouter.js'
import { modelRouter } from './model/modelRouter.js'
import { networkRouter } from './network/networkRouter.js'
import { projectRouter } from './project/projectRouter.js'
import { router } from './request/procedure.js'
import { systemRouter } from './system/systemRouter.js'

export const appRouter = router({
  /** What this service is, and its limits: info; published data sets that it reads: catalogue. */
  system: systemRouter,
  /** Whose everything is: current, create, list. */
  project: projectRouter,
  /** Who may do what: create, list, revoke. */
  key: keyRouter,
  /**
   * From an archive to an immutable version: createUpload -> signParts -> (PUT to the store) -> listParts ->
   * completeUpload starts a prepare job; getUpload, abortUpload; list, get, delete; listVersions, getVersion,
   * deleteVersion, versionManifest, contactSheetUrl, corruptionPreviewUrl.
   */
  dataset: datasetRouter,
  /**
   * From a version to a model: submit -> events until it has ended; get, list, cancel, delete. From a model and a version to a
   * report: evaluate, the same, then evaluation; compareEvaluations measures two, image by image.
   */
  job: jobRouter,
  /** What came of it: list, get, delete; url and setPublic open its files to others; compare measures two, image by image. */
  model: modelRouter,
  /** Networks of users' own, to be trained or fine-tuned: (dataset.createUpload, the weights ->) create; list, get, delete. */
  network: networkRouter,
  /**
   * From a claim to a number with its interval: create (a preset by its name, or arms of one's own) submits the jobs -> get
   * until they have ended -> report, page, runs; list, cancel, delete; presets.
   */
  experiment: experimentRouter,
})

export type AppRouter = typeof appRouter
