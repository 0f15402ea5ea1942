import { Failure } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import { unfit } from '../problems.js'

/**
 * Runs a reader of a file, and reports what is wrong with the file's bytes as a problem of that file. V8's own errors
 * count as such too: bytes that a reader did not expect cause them, and would again at every attempt. Their cause is
 * kept for the log.
 * @throws Failure DATASET_INVALID
 */
export async function readIn<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): unknown {
  const stumbled =
    (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) &&
    !/allocation failed/i.test(error.message)
  if (!(error instanceof DamagedFile || stumbled)) return error
  const message = stumbled ? `it cannot be read (${error.message})` : error.message
  const issue = { path, code: 'DAMAGED', message, fix: 'Take it anew from where it was published, or write it again.' }
  return stumbled
    ? new Failure('DATASET_INVALID', `${path}: ${message}`, { issues: [issue], cause: error })
    : unfit(issue)
}
