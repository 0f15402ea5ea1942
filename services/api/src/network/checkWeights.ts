import { createHash } from 'node:crypto'
import { Failure } from '@imclr/contract'

/** The sha256 of float32 (little-endian) as they stream past. Throws Failure BAD_INPUT at the first that is not a finite number. */
export async function checkWeights(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  let rest = Buffer.alloc(0)
  let before = 0
  for await (const chunk of body) {
    hash.update(chunk)
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const count = bytes.length >> 2
    const values = new Float32Array(Uint8Array.prototype.slice.call(bytes, 0, 4 * count).buffer) // a copy lies at a multiple of 4
    const wrong = values.findIndex((value) => !Number.isFinite(value))
    if (wrong >= 0)
      throw new Failure('BAD_INPUT', `Weight ${before + wrong} of the network is ${values[wrong]}`, {
        issues: [
          {
            path: 'uploadId',
            code: 'not_finite',
            message: `Weight ${before + wrong} is ${values[wrong]}`,
            fix: 'Send weights that are numbers',
          },
        ],
      })
    before += count
    rest = Buffer.from(bytes.subarray(4 * count))
  }
  return hash.digest('hex')
}
