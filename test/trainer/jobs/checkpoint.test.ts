import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainingPosition } from '@imclr/contract'
import { openStore } from '@imclr/storage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCheckpoint, writeCheckpoint, type StateTensor } from '@imclr/trainer/training/testing'

const prefix = 'projects/prj_aaaaaaaa/jobs/job_aaaaaaaa/checkpoints/'
const fingerprint = 'a'.repeat(64)

let root: string
let store: Awaited<ReturnType<typeof openStore>>
let damaged: string[]
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'imclr-checkpoint-'))
  store = await openStore({ kind: 'folder', root })
  damaged = []
})
afterEach(async () => {
  await store.close()
  await rm(root, { recursive: true })
})

const position = (epoch: number, step: number): TrainingPosition => ({
  epoch,
  step,
  endedEarly: null,
  sums: { steps: 1, loss: 0.1 + 0.2, labelEntropy: 1 / 3, inputs: 8, seconds: 0.25 },
  history: [],
})
const tensors = (value: number): StateTensor[] => [
  { name: 'weight', shape: [2, 3], values: Float32Array.of(value, -0, 1e-38, 3.4e38, Math.fround(0.1), 2 ** -149) },
  { name: 'scalar', shape: [], values: Float32Array.of(7) },
]
const write = (epoch: number, step: number, value = step) =>
  writeCheckpoint(
    { store, prefix, jobId: 'job_aaaaaaaa', attempt: 1, fingerprint },
    position(epoch, step),
    tensors(value),
  )
const find = (wanted = fingerprint) =>
  findCheckpoint({ store, prefix, fingerprint: wanted, onDamaged: (_, why) => damaged.push(why) })
const folders = async () => (await readdir(join(root, 'objects', prefix))).sort()

describe('checkpoints', () => {
  it('come back bit for bit, the newest by step', async () => {
    await write(0, 9)
    await write(1, 10) // not after 9 by name
    const found = await find()
    expect(found?.position).toEqual(position(1, 10))
    expect(found?.tensors).toEqual(tensors(10))
  })

  it('are null where there is none', async () => expect(await find()).toBeNull())

  it('keep the newest two', async () => {
    for (const step of [5, 50, 500]) await write(0, step)
    expect(await folders()).toEqual(['0-50', '0-500'])
  })

  it.each([
    [
      'a flipped bit of the tensors',
      'state.bin',
      (bytes: Buffer) => {
        bytes[3]! ^= 1
        return bytes
      },
    ],
    ['tensors cut off', 'state.bin', (bytes: Buffer) => bytes.subarray(0, 8)],
    ['a state cut off', 'state.json', (bytes: Buffer) => bytes.subarray(0, 40)],
    [
      'a changed position',
      'state.json',
      (bytes: Buffer) => Buffer.from(bytes.toString().replace('"epoch":0', '"epoch":-1')),
    ],
  ])('damaged by %s give way to the one before, and count no more', async (_, file, damage) => {
    await write(0, 1)
    await write(0, 2)
    const path = join(root, 'objects', prefix, '0-2', file)
    await writeFile(path, damage(await readFile(path)))
    expect((await find())?.position.step).toBe(1)
    expect(damaged).toHaveLength(1)
    await write(0, 3)
    expect(await folders()).toEqual(['0-1', '0-3'])
  })

  it('of which only the tensors were written are none', async () => {
    await write(0, 1)
    await store.put(`${prefix}0-2/state.bin`, Buffer.alloc(28), { contentType: 'application/octet-stream' })
    expect((await find())?.position.step).toBe(1)
  })

  it('of another training are not taken', async () => {
    await write(0, 1)
    expect(await find('b'.repeat(64))).toBeNull()
    expect(damaged).toEqual(['it belongs to another training'])
  })

  it.each(['state.bin', 'state.json'])(
    'whose %s reads back other than it was written are no success, and the ones before stay',
    async (file) => {
      await write(0, 1)
      await write(0, 2)
      const { read } = store
      store.read = async (key) => {
        const bytes = Buffer.from(await read.call(store, key))
        if (key.endsWith(`0-3/${file}`)) bytes[5]! ^= 1
        return bytes
      }
      await expect(write(0, 3)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('read back'),
      })
      expect(await folders()).toEqual(['0-1', '0-2', '0-3'])
    },
  )

  it('that are not finite are refused, and the one before stays', async () => {
    await write(0, 1)
    await expect(write(0, 2, NaN)).rejects.toMatchObject({ code: 'LOSS_NOT_FINITE' })
    expect(await folders()).toEqual(['0-1'])
  })
})
