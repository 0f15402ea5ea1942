import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { JobFile } from '@imclr/contract'

/** The folder of one attempt: `<work folder>/<job>/<attempt>`. */
export const attemptFolder = (workDir: string, { jobId, attempt }: { jobId: string; attempt: number }): string =>
  join(workDir, jobId, String(attempt))

/** The files in an attempt's folder. */
export const attemptFiles = (folder: string) => ({
  job: join(folder, 'job.json'),
  /** Standard output. */
  events: join(folder, 'events.jsonl'),
  /** Standard error. */
  log: join(folder, 'log.txt'),
  /** The exit code, as a shell gives it. */
  exit: join(folder, 'exit'),
})

/** Makes the folder anew, with the job file in it. */
export async function makeAttemptFolder(folder: string, job: JobFile): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(attemptFiles(folder).job, JSON.stringify(job), { mode: 0o600 })
}

/** The exit code that the supervisor wrote; null: it wrote none. */
export async function readExitCode(folder: string): Promise<number | null> {
  const text = await readFile(attemptFiles(folder).exit, 'utf8').catch(() => null)
  return text === null ? null : Number(text)
}

/** The last bytes of the attempt's log; empty: there is none. */
export async function readLogEnd(folder: string, bytes: number): Promise<string> {
  const file = await open(attemptFiles(folder).log).catch(() => null)
  if (file === null) return ''
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(bytes), position: Math.max(0, size - bytes) })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Deletes the folders of all attempts of the job that `folder` is an attempt of. */
export const removeJobFolder = (folder: string): Promise<void> => rm(dirname(folder), { recursive: true, force: true })

/** Deletes the folders of all jobs that are not in `keep`. What else lies in the work folder is not ours. */
export async function pruneJobFolders(workDir: string, keep: ReadonlySet<string>): Promise<void> {
  for (const jobId of await readdir(workDir).catch(() => []))
    if (jobId.startsWith('job_') && !keep.has(jobId)) await rm(join(workDir, jobId), { recursive: true, force: true })
}
