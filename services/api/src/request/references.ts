/** What a row of the database names must be there, and what others name must not be deleted. */
import { Failure, type Issue } from '@imclr/contract'

/**
 * Awaits an object that a row of the database names. Where the store does not have it, that is our fault (INTERNAL),
 * not the caller's.
 */
export async function requireObject<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw error instanceof Failure && error.code === 'NOT_FOUND'
      ? new Failure('INTERNAL', 'an object that the database names is missing', { cause: error })
      : error
  }
}

/**
 * Throws Failure IN_USE where others refer to what is to be deleted.
 *
 * @param what such as `Model mdl_1`
 * @param references one issue for each, with the id of what refers to it as path
 */
export function assertUnreferenced(what: string, references: Issue[]): void {
  if (references.length > 0)
    throw new Failure('IN_USE', `${what} is needed by ${references.map(({ path }) => path).join(', ')}`, {
      issues: references,
    })
}
