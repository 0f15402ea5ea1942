import { keys } from './keys.js'

/** What of a job's record says where its objects lie. */
export interface JobPlace {
  projectId: string
  id: string
  attempt: number
  uploadId: string | null
}

/**
 * Prefixes of what an ended job leaves in the store and nobody needs: outputs of the attempts that made nothing, the
 * archive that was prepared (or could not be), and the checkpoints where a whole model came of them. Those of a job that
 * ended otherwise stay until it is deleted.
 */
export function leftovers(
  { projectId, id, attempt, uploadId }: JobPlace,
  { madeSomething, succeeded }: { madeSomething: boolean; succeeded: boolean },
): string[] {
  const attempts = Array.from({ length: attempt }, (_, index) => index + 1).filter(
    (each) => each !== attempt || !madeSomething,
  )
  return [
    ...attempts.map((each) => keys.attempt(projectId, id, each)),
    ...(uploadId === null ? [] : [keys.uploadPrefix(projectId, uploadId)]),
    ...(succeeded ? [keys.checkpoints(projectId, id)] : []),
  ]
}

/** The same of a job that is canceled while it waits. */
export const leftoversOfQueued = (job: JobPlace): string[] => leftovers(job, { madeSomething: false, succeeded: false })
