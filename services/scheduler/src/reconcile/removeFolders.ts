import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobRow } from '@imclr/database'
import type { Scheduler } from '../parts.js'

/** Removes the folders of jobs that nobody runs: what was in them is in the records. */
export async function removeFolders({ config: { workDir }, running }: Scheduler, active: JobRow[]): Promise<void> {
  for (const jobId of await folders(workDir)) {
    if (running.has(jobId) || active.some(({ id }) => id === jobId)) continue
    await rm(join(workDir, jobId), { recursive: true, force: true })
  }
}

const folders = (path: string): Promise<string[]> => readdir(path).catch(() => [])
