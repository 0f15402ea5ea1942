import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { Failure } from '@imclr/contract'

/**
 * Counts and hashes the bytes that pass. Where they are not those announced, the stream fails instead of ending, so
 * that its reader never sees an end and stores nothing.
 */
export function measured(expected: { sha256?: string; bytes?: number }): {
  through: Transform
  result: () => { bytes: number; sha256: string }
} {
  const hash = createHash('sha256')
  let bytes = 0
  let sha256 = ''
  const through = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.byteLength
      hash.update(chunk)
      done(
        expected.bytes !== undefined && bytes > expected.bytes
          ? new Failure('CHECKSUM_MISMATCH', `more than the announced ${expected.bytes} bytes arrived`)
          : null,
        chunk,
      )
    },
    flush(done) {
      sha256 = hash.digest('hex')
      done(mismatch({ bytes, sha256 }, expected))
    },
  })
  return { through, result: () => ({ bytes, sha256 }) }
}

export function mismatch(
  found: { bytes: number; sha256: string },
  expected: { sha256?: string; bytes?: number },
): Failure | null {
  if (expected.bytes !== undefined && found.bytes !== expected.bytes)
    return new Failure('CHECKSUM_MISMATCH', `${found.bytes} of the announced ${expected.bytes} bytes arrived`)
  if (expected.sha256 !== undefined && found.sha256 !== expected.sha256)
    return new Failure(
      'CHECKSUM_MISMATCH',
      `the bytes that arrived have sha256 ${found.sha256}, announced was ${expected.sha256}`,
    )
  return null
}
