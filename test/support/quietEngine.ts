import { Writable } from 'node:stream'
import type { Reporter, Vitest } from 'vitest/node'

/**
 * Notices (level I) that TensorFlow writes while it is loaded, and the line that comes before them. It writes them
 * before it reads TF_CPP_MIN_LOG_LEVEL, so no setting turns them off. Warnings and errors are no notices.
 */
const notices =
  /^(?:WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR|I\d{4} [\d:.]+ .*)\r?\n/gm

/**
 * Leaves TensorFlow's notices out of what tests write to standard error, and passes on everything else, byte for byte.
 */
export default class QuietEngine implements Reporter {
  onInit({ logger }: Vitest): void {
    const target = logger.errorStream
    logger.errorStream = new (class extends Writable {
      override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
        const rest = chunk.toString('latin1').replace(notices, '') // one character for each byte
        if (rest === '') done()
        else target.write(Buffer.from(rest, 'latin1'), done)
      }

      /** Every worker's output is piped here, and the first that ends must not end it for the others. */
      override end(): this {
        return this
      }
    })()
  }
}
