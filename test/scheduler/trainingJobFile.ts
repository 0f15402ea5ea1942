import { jobFile, trainingSpec, type JobFile } from '@imclr/contract'

interface Wanted {
  jobId: string
  attempt?: number
  projectId?: string
  /** What the protocol trainer is told to do. */
  name?: string
  epochs?: number
}

/** The job file of a training of the workshop's data set, for tests that launch a trainer without a scheduler. */
export function trainingJobFile({
  jobId,
  attempt = 1,
  projectId = 'prj_launched1',
  name = 'x',
  epochs = 4,
}: Wanted): JobFile {
  return jobFile.parse({
    schemaVersion: 1,
    kind: 'train',
    jobId,
    projectId,
    attempt,
    name,
    spec: trainingSpec.parse({ epochs }),
    versionPrefix: `projects/${projectId}/seeded/`,
    checkpointPrefix: `projects/${projectId}/jobs/${jobId}/checkpoints/`,
    outputPrefix: `projects/${projectId}/jobs/${jobId}/attempts/${attempt}/output/`,
    checkpointEverySeconds: 1,
    reference: null,
    network: null,
    from: null,
  })
}
