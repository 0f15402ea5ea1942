import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobFile } from '@imclr/contract'
import { jobInputs, type JobRow } from '@imclr/database'
import { keys } from '@imclr/storage'
import type { Scheduler } from '../parts.js'

/** Makes the attempt's folder anew, with the job file in it: all that its trainer is told. Gives the folder. */
export async function writeJobFile({ database, config }: Scheduler, job: JobRow): Promise<string> {
  const workDir = join(config.workDir, job.id, String(job.attempt))
  await rm(workDir, { recursive: true, force: true })
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const common = { schemaVersion: 1, jobId: job.id, projectId: job.projectId, attempt: job.attempt, outputPrefix: job.outputPrefix! } as const
  const inputs = await jobInputs(database, job)
  const file: JobFile = inputs.kind === 'prepare'
    ? { ...common, kind: 'prepare', options: job.options!, uploadKey: inputs.uploadKey, uploadName: inputs.uploadName, maxBytes: config.maxDatasetBytes, maxImages: config.maxDatasetImages }
    : {
        ...common, kind: 'train', name: job.name ?? job.id, spec: job.spec!, versionPrefix: inputs.versionPrefix,
        checkpointPrefix: keys.checkpoints(job.projectId, job.id), checkpointEverySeconds: config.checkpointEverySeconds,
        reference: inputs.reference && { modelId: inputs.reference.modelId, name: inputs.reference.name, reportKey: `${inputs.reference.prefix}report.json` },
      }
  await writeFile(join(workDir, 'job.json'), JSON.stringify(file), { mode: 0o600 })
  return workDir
}
