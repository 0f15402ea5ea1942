import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobFile } from '@imclr/contract'
import { jobInputs, type JobInputs, type JobRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { Scheduler } from '../parts.js'

/** Makes the attempt's folder anew, with the job file in it: all that its trainer is told. Gives the folder. */
export async function writeJobFile({ database, config }: Scheduler, job: JobRow): Promise<string> {
  const workDir = join(config.workDir, job.id, String(job.attempt))
  await rm(workDir, { recursive: true, force: true })
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const inputs = await jobInputs(database, job)
  await writeFile(join(workDir, 'job.json'), JSON.stringify(fileOf(job, inputs, config)), { mode: 0o600 })
  return workDir
}

function fileOf(
  job: JobRow,
  inputs: JobInputs,
  { maxDatasetBytes, maxDatasetImages, checkpointEverySeconds }: Scheduler['config'],
): JobFile {
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
          reportKey: `${inputs.reference.prefix}report.json`,
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
