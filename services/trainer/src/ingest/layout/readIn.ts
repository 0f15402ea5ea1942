import { Failure } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import { unfit } from '../problems.js'

/**
 * What is wrong with a file's bytes is told as the file's problem; so is what a reader stumbles over unexpectedly (V8's own errors), since
 * that comes of the bytes too and would come again at every attempt. Its cause stays with it for the log.
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
