/** The id of a thing that a caller names by its id or by itself. */
export const idOf = (thing: { id: string } | string): string => (typeof thing === 'string' ? thing : thing.id)

/** The id of the version that a caller names by its id or by its data set. */
export const versionIdOf = (dataset: { versionId: string } | string): string =>
  typeof dataset === 'string' ? dataset : dataset.versionId

/** The id of the job that a caller names by its id or by its result. */
export const jobIdOf = (result: { jobId: string } | string): string =>
  typeof result === 'string' ? result : result.jobId
