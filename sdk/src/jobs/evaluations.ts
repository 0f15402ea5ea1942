import type { Connection } from '../connection/connect.js'
import type { JobCompareEvaluationsAnswer } from '../generated/api.js'
import { idOf, jobIdOf, versionIdOf } from '../idOf.js'
import { evaluate, getEvaluation, type EvaluateOptions, type Evaluation, type EvaluationJob } from './evaluate.js'

/** Compares evaluation `b` with evaluation `a`, image by image. */
export type EvaluationComparison = JobCompareEvaluationsAnswer

/** The client's verbs for evaluations. */
export const evaluations = (connection: Connection) => ({
  /**
   * Submits an evaluation: measures a registered model on the test images of any version with the same classes, or on a
   * stored evaluation set. Resolves when the job is queued. The same job measures a reference model on the same
   * pictures.
   *
   * @throws BadInputError if classes or pictures differ: `issues` has both lists
   */
  async evaluate(
    model: { id: string } | string,
    dataset: { versionId: string } | string,
    options: EvaluateOptions = {},
  ): Promise<EvaluationJob> {
    return evaluate(connection, { modelId: idOf(model), versionId: versionIdOf(dataset), options })
  },

  evaluations: {
    /** Reads the result of an evaluation that has succeeded. */
    get(jobId: string): Promise<Evaluation> {
      return getEvaluation(connection, jobId)
    },

    /**
     * Compares evaluation `b` with `a`, paired by test image, as `compare` does for models. Both must be on the same
     * version.
     */
    async compare(a: { jobId: string } | string, b: { jobId: string } | string): Promise<EvaluationComparison> {
      return connection.api.job.compareEvaluations({ a: jobIdOf(a), b: jobIdOf(b) })
    },
  },
})
