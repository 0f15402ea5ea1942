/**
 * The table of contents of the service. Every line below is a domain with its own router. A procedure in those says
 * which scope the API key needs (`readProcedure`, `writeProcedure`, `keysProcedure`, `instanceProcedure`), its input,
 * its output, and the function behind it; the shortest ones are written there. `server.ts` adds the plain routes:
 * health, metrics, signed objects, and the files of models and evaluations.
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
  /** What this service is and what its limits are: info; published data sets that it reads: catalogue. */
  system: systemRouter,
  /** The owner of everything else: current, create, list. */
  project: projectRouter,
  /** API keys and what each may do: create, list, revoke. */
  key: keyRouter,
  /**
   * From an archive to an immutable version: createUpload -> signParts -> (PUT to the store) -> listParts ->
   * completeUpload starts a prepare job; getUpload, abortUpload; list, get, delete; listVersions, getVersion,
   * deleteVersion, versionManifest, contactSheetUrl, corruptionPreviewUrl.
   */
  dataset: datasetRouter,
  /**
   * From a version to a model: submit -> events until the job has ended; get, list, cancel, delete. From a model and a
   * version to a report: evaluate -> events -> evaluation; compareEvaluations compares two of them image by image.
   */
  job: jobRouter,
  /**
   * The result of a training: list, get, delete; url and setPublic open its files to others; compare compares two image
   * by image.
   */
  model: modelRouter,
  /**
   * Networks that users upload, to train or fine-tune them: dataset.createUpload (the weights) -> create; list, get,
   * delete.
   */
  network: networkRouter,
  /**
   * From a claim to a number with its interval: create (a preset by its name, or your own arms) submits the jobs -> get
   * until they have ended -> report, page, runs; list, cancel, delete; presets.
   */
  experiment: experimentRouter,
})

export type AppRouter = typeof appRouter
