import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '@imclr/contract'
import { openStore, type ObjectStore } from '@imclr/storage'
import {
  measureModel,
  openPictureCache,
  type PictureCacheOptions,
  type TestSplit,
} from '@imclr/trainer/evaluation/testing'
import { testImage } from '../image/testImages.js'

const versionPrefix = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/jobs/job_aaaaaaaaaaaaaaaaaaaa/attempts/1/output/'
const contentSha256 = 'ab'.repeat(32)

let root: string
let store: ObjectStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'imclr-pictures-'))
  store = await openStore({ kind: 'folder', root })
})
afterEach(async () => {
  await store.close()
  await rm(root, { recursive: true, force: true })
})

const keysUnder = async (prefix: string) => {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

describe('the cache of changed pictures', () => {
  const troubles: string[] = []
  const open = (change: Partial<PictureCacheOptions> = {}) =>
    openPictureCache({
      store,
      versionPrefix,
      contentSha256,
      seed: 1,
      set: '10',
      onTrouble: (message) => troubles.push(message),
      ...change,
    })
  const never = () => {
    throw new Error('made again')
  }

  it('makes pictures once, and others where content, seed or set differ; all of it lies with the version', async () => {
    const made = Uint8Array.of(1, 2, 3)
    expect(await open().pictures('fog-1-0', () => made)).toEqual(made)
    expect(Uint8Array.from(await open().pictures('fog-1-0', never))).toEqual(made)
    for (const change of [{ contentSha256: 'cd'.repeat(32) }, { seed: 2 }, { set: '11' }]) {
      await expect(open(change).pictures('fog-1-0', never)).rejects.toThrow('made again')
    }
    await expect(open().pictures('fog-2-0', never)).rejects.toThrow('made again')
    expect(await keysUnder(versionPrefix)).toHaveLength(1)
    await store.deletePrefix(versionPrefix) // what deleting a version comes to
    await expect(open().pictures('fog-1-0', never)).rejects.toThrow('made again')
  })

  it.each(['a byte that changed', 'an end that is missing', 'nothing at all'])(
    'makes them anew where %s says that they are not what was written',
    async (how) => {
      const made = Uint8Array.from({ length: 100 }, (_, i) => i)
      await open().pictures('snow-3-0', () => made)
      const [key] = await keysUnder(versionPrefix)
      const bytes = Buffer.from(await store.read(key!))
      if (how.startsWith('a byte')) bytes[60]! ^= 1
      const damaged = how.startsWith('a byte')
        ? bytes
        : how.startsWith('an end')
          ? bytes.subarray(0, 90)
          : Buffer.alloc(0)
      await store.put(key!, damaged, { contentType: 'application/octet-stream' })
      expect(await open().pictures('snow-3-0', () => made)).toEqual(made)
      expect(Uint8Array.from(await open().pictures('snow-3-0', never))).toEqual(made)
    },
  )

  it('lets writers write at once, and readers read meanwhile', async () => {
    const made = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)
    const results = await Promise.all(Array.from({ length: 12 }, () => open().pictures('fog-1-0', () => made.slice())))
    for (const result of results) expect(Buffer.compare(result, made)).toBe(0)
    expect(await keysUnder(versionPrefix)).toHaveLength(1)
  })

  it('goes on without where the store keeps no more, and says so once', async () => {
    const full: ObjectStore = Object.assign(Object.create(store) as ObjectStore, {
      put: () => Promise.reject(new Failure('DISK_FULL', 'no space left')),
    })
    const cache = open({ store: full })
    for (const name of ['fog-1-0', 'fog-2-0'])
      expect(await cache.pictures(name, () => Uint8Array.of(9))).toEqual(Uint8Array.of(9))
    expect(troubles.splice(0)).toEqual([expect.stringContaining('no space left')])
    expect(await keysUnder(versionPrefix)).toEqual([])
  })
})

describe('evaluations that share a cache', () => {
  it('give the same numbers, and only the first one makes pictures', async () => {
    const side = 16
    const size = side * side * 3
    const labels = Uint16Array.from({ length: 40 }, (_, i) => i % 2)
    const images = new Uint8Array(40 * size)
    for (let i = 0; i < 40; i++)
      images.set(
        testImage(side, side, i % 7).map((value) => value / 2 + labels[i]! * 100),
        i * size,
      )
    const test: TestSplit = {
      images,
      labels,
      height: side,
      width: side,
      classes: ['dark', 'bright'],
      versionId: 'ver_00000000000000000000000000000001',
    }
    const predict = (pictures: Uint8Array, count: number) =>
      Float32Array.from({ length: 2 * count }, (_, k) => {
        const mean =
          pictures.subarray((k >> 1) * size, ((k >> 1) + 1) * size).reduce((sum, value) => sum + value, 0) / size
        const bright = Math.min(1, Math.max(0, (mean - 60) / 130))
        return k % 2 === 1 ? bright : 1 - bright
      })
    let jpegs = 0
    const jpeg = async ({ bytes }: { bytes: Uint8Array }) => (jpegs++, bytes.slice())
    const run = (cached: boolean) =>
      measureModel({
        predict,
        test,
        spec: { corruptionImages: 12, perturbationImages: 10 },
        seed: 3,
        jpeg,
        ...(cached
          ? {
              cacheFor: (set: string) =>
                openPictureCache({ store, versionPrefix, contentSha256, seed: 3, set, onTrouble: never }),
            }
          : {}),
      })
    const never = (message: string) => {
      throw new Error(message)
    }
    const without = await run(false)
    expect(jpegs).toBe(5 * 12)
    const first = await run(true)
    expect(jpegs).toBe(2 * 5 * 12)
    const second = await run(true)
    expect(jpegs).toBe(2 * 5 * 12)
    expect(first).toEqual(without)
    expect(second).toEqual(without)
    expect(await keysUnder(versionPrefix)).toHaveLength(95 + 14)
  })
})
