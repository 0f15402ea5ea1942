import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { manyStreams, manyUploads } from '../bench/apiMemory.js'
import { startTestApi } from './testApi.js'

setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc') as typeof globalThis.gc

// The short form of test/bench/apiMemory.ts. What one upload left behind, or one stream, would show: 1 MiB of each
// would be 12 or 40 here.
describe('memory of the service', () => {
  it('does not grow with uploads', async () => {
    await using api = await startTestApi({ config: { partBytes: 5 * 2 ** 20 } })
    const [, warm, ...later] = await manyUploads(api, { uploads: 36, bytes: 2 ** 20, rounds: 3 })
    expect(later.at(-1)!.heapMiB - warm!.heapMiB).toBeLessThan(4)
    expect(later.at(-1)!.externalMiB - warm!.externalMiB).toBeLessThan(8)
  }, 180_000)

  it('does not grow with event streams', async () => {
    await using api = await startTestApi()
    const [, warm, ...later] = await manyStreams(api, { streams: 40, events: 50, rounds: 3 })
    expect(later.at(-1)!.heapMiB - warm!.heapMiB).toBeLessThan(2)
  }, 180_000)
})
