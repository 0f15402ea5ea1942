import type { JobFile } from '@imclr/contract'
import { jobInputs, type JobRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { Scheduler } from '../parts.js'

/** The job file of an attempt: all that its trainer is told. Throws Failure NOT_FOUND where an input was deleted. */
export async function makeJobFile({ database, config }: Scheduler, job: JobRow): Promise<JobFile> {
  const { maxDatasetBytes, maxDatasetImages, checkpointEverySeconds } = config
  const inputs = await jobInputs(database, job)
  const common = {
    schemaVersion: 1,
    jobId: job.id,
    projectId: job.projectId,
    attempt: job.attempt,
    outputPrefix: job.outputPrefix!,
  } as const
  switch (inputs.kind) {
    case 'prepare':
      return {
        ...common,
        kind: 'prepare',
        options: inputs.options,
        uploadKey: inputs.uploadKey,
        uploadName: inputs.uploadName,
        maxBytes: maxDatasetBytes,
        maxImages: maxDatasetImages,
      }
    case 'train':
      return {
        ...common,
        kind: 'train',
        name: job.name ?? job.id,
        spec: inputs.spec,
        versionPrefix: inputs.versionPrefix,
        checkpointPrefix: keys.checkpoints(job.projectId, job.id),
        checkpointEverySeconds,
        reference: inputs.reference && {
          modelId: inputs.reference.modelId,
          name: inputs.reference.name,
          reportKey: keys.report(inputs.reference.prefix),
        },
        network: inputs.network && { prefix: inputs.network.prefix },
        from: inputs.from,
      }
    case 'evaluate':
      return {
        ...common,
        kind: 'evaluate',
        name: inputs.model.name,
        modelId: inputs.model.modelId,
        modelPrefix: inputs.model.prefix,
        options: inputs.options,
        versionPrefix: inputs.versionPrefix,
        reference: inputs.reference && {
          modelId: inputs.reference.modelId,
          name: inputs.reference.name,
          modelPrefix: inputs.reference.prefix,
        },
      }
  }
}
