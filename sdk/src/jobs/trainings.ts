import type { Connection } from '../connection/connect.js'
import type { CallOptions } from '../generated/api.js'
import { versionIdOf } from '../idOf.js'
import { getJob, train, type Job, type TrainOptions } from './train.js'

/** The client's verbs for trainings. */
export const trainings = (connection: Connection) => ({
  /**
   * Submits a training: `sdk.train(dataset, { mode: 'imclr' })`. Resolves when the job is queued, with the complete
   * spec and an estimate.
   */
  async train(
    dataset: { versionId: string } | string,
    options: TrainOptions = {},
    call: CallOptions = {},
  ): Promise<Job> {
    return train(connection, { versionId: versionIdOf(dataset), options, call })
  },

  jobs: {
    /** Finds a training that was submitted before. */
    get(jobId: string): Promise<Job> {
      return getJob(connection, jobId)
    },
  },
})
