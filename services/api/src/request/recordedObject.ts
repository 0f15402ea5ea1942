import { Failure } from '@imclr/contract'

/** For an object that a record says is there: where the store does not have it, that is our fault, not the caller's. */
export async function recordedObject<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw error instanceof Failure && error.code === 'NOT_FOUND'
      ? new Failure('INTERNAL', `a recorded object is missing: ${error.message}`, { cause: error })
      : error
  }
}
