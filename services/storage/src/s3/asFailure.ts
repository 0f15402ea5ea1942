import { S3ServiceException } from '@aws-sdk/client-s3'
import { Failure } from '@imclr/contract'

const missing = new Set(['NoSuchKey', 'NotFound'])
const refusedBytes = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
])
const full = new Set(['XMinioStorageFull', 'StorageFull', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded'])

/**
 * Turns an error of the SDK into the failure that callers know; returns failures as they are.
 *
 * @param store its address, for the failure of a full disk
 */
export function asFailure(given: unknown, what: string, store: string): unknown {
  if (given instanceof Failure) return given
  const message = given instanceof Error ? given.message : String(given)
  if (!(given instanceof S3ServiceException)) {
    const error = given
    const isNetwork =
      error instanceof Error &&
      ('code' in error || '$metadata' in error || /timeout|socket|credential/i.test(`${error.name} ${message}`))
    return isNetwork
      ? new Failure('STORE_UNAVAILABLE', `the object store does not answer: ${message}`, { cause: error })
      : error
  }
  // The SDK's errors hold the whole request with its signature and socket, which must not get into a log.
  const error = Object.assign(new Error(message), { name: given.name })
  const status = given.$metadata.httpStatusCode ?? 0
  if (full.has(error.name))
    return new Failure('DISK_FULL', `no space left for ${what}: the object store ${store} is full`, { cause: error })
  if (missing.has(error.name)) return new Failure('NOT_FOUND', `there is no object ${what}`, { cause: error })
  if (error.name === 'NoSuchUpload')
    return new Failure(
      'NOT_FOUND',
      `the store has no such upload of ${what}: it was completed, aborted or never begun`,
      { cause: error },
    )
  if (error.name === 'InvalidRange') return new Failure('BAD_INPUT', `the range is not in ${what}`, { cause: error })
  if (refusedBytes.has(error.name))
    return new Failure('CHECKSUM_MISMATCH', `the object store received other bytes of ${what} than were sent`, {
      cause: error,
    })
  if (status === 400) return new Failure('BAD_INPUT', `the object store refuses ${what}: ${message}`, { cause: error })
  // No such bucket, wrong credentials, 5xx, slow down: the operator corrects it, or it passes.
  return new Failure('STORE_UNAVAILABLE', `the object store answers ${error.name} (${status}) to ${what}: ${message}`, {
    cause: error,
  })
}
