import { diskFull, Failure, failures, isNoSpace, type FullDisk } from '@imclr/contract'

/**
 * Turns anything thrown into a failure that a trainer can end with. Only the process's entry calls this.
 *
 * @param disk the disk that the trainer writes to
 */
export function toFailure(error: unknown, disk: FullDisk): Failure {
  if (error instanceof Failure)
    return 'exitCode' in failures[error.code]
      ? error
      : new Failure('INTERNAL', error.message, { issues: error.issues, cause: error })
  const message = error instanceof Error ? error.message : String(error)
  if (isNoSpace(error)) return diskFull(`what the trainer writes (${message})`, disk, error)
  if (isMemory(message))
    return new Failure('OUT_OF_MEMORY', `memory ran out: ${message.slice(0, 300)}`, { cause: error })
  return new Failure('INTERNAL', message === '' ? 'an error without a message' : message.slice(0, 1000), {
    cause: error,
  })
}

/** Whether a message is one that V8, Node or TensorFlow gives when an allocation fails. */
const isMemory = (message: string): boolean =>
  /allocation failed|out of memory|\bOOM\b|RESOURCE_EXHAUSTED/i.test(message)
