import { Failure, failures } from '@imclr/contract'

/** Whatever was thrown, as a failure that a trainer can end with. Wrapped once, at the process's edge. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return 'exitCode' in failures[error.code] ? error : new Failure('INTERNAL', error.message, { issues: error.issues, cause: error })
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Failure('DISK_FULL', `no space left: ${message}`, { cause: error })
  if (isMemory(message)) return new Failure('OUT_OF_MEMORY', `memory ran out: ${message.slice(0, 300)}`, { cause: error })
  return new Failure('INTERNAL', message === '' ? 'an error without a message' : message.slice(0, 1000), { cause: error })
}

/** What V8, Node and TensorFlow say when an allocation fails. */
const isMemory = (message: string): boolean => /allocation failed|out of memory|\bOOM\b|RESOURCE_EXHAUSTED/i.test(message)
