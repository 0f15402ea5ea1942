import { keys } from './keys.js'

/** The fields of a job's record that say where its objects lie. */
export interface JobPlace {
  projectId: string
  id: string
  attempt: number
  uploadId: string | null
}

/**
 * Prefixes of the objects that an ended job leaves in the store and nobody needs: outputs of failed attempts, the
 * archive of a preparation, and the checkpoints of a job that succeeded. The checkpoints of other jobs stay until the
 * job is deleted.
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

/** The leftovers of a job that is canceled while it waits. */
export const leftoversOfQueued = (job: JobPlace): string[] => leftovers(job, { madeSomething: false, succeeded: false })
