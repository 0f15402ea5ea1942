import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PrepareOptionsInput } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { noise, outputPrefix, pngOf, tarOf, workplace } from './uploads.js'
import type { Entries } from './uploads.js'

const script = join(fileURLToPath(import.meta.url), '..', 'prepareProcess.mjs')

/** How much a process of its own grows while it prepares an archive. */
async function prepareElsewhere(
  archive: Buffer,
  options: PrepareOptionsInput = {},
): Promise<{ megabytes: number; images: number }> {
  await using place = await workplace()
  const uploadKey = 'projects/prj_aaaaaaaaaaaaaaaaaaaa/uploads/upl_aaaaaaaaaaaaaaaaaaaa/archive'
  await place.store.put(uploadKey, archive, { contentType: 'application/octet-stream' })
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    join(place.root, 'objects'),
    place.workDir,
    uploadKey,
    outputPrefix,
    JSON.stringify(options),
  ])
  const index = Buffer.from(await place.store.read(`${outputPrefix}index.jsonl`)).toString()
  return { ...(JSON.parse(stdout) as { megabytes: number }), images: index.split('\n').length - 1 }
}

describe('memory while preparing', () => {
  it('grows only by a small entry for each image', async () => {
    const pixels = noise(1, 192 + 8000)
    const pictures = (count: number) =>
      Array.from({ length: count }, (_, i): Entries[number] => [
        `class-${i % 10}/${i}.png`,
        pngOf(pixels.subarray(i, i + 192), { height: 8, width: 8 }),
      ])
    const few = await prepareElsewhere(await tarOf(pictures(1000)))
    const many = await prepareElsewhere(await tarOf(pictures(8000)))
    expect([few.images, many.images]).toEqual([1000, 8000])
    // 7,000 entries of well below a kilobyte, and what the garbage collector leaves for later (40,000 images take no
    // more).
    expect(many.megabytes - few.megabytes).toBeLessThan(100)
  }, 300_000)

  it('does not grow with the decoded pixels: 300 MB of them from picture files', async () => {
    const pixels = noise(3, 192 + 1600)
    const pictures = (count: number) =>
      Array.from({ length: count }, (_, i): Entries[number] => [
        `class-${i % 2}/${i}.png`,
        pngOf(pixels.subarray(i, i + 192), { height: 8, width: 8 }),
      ])
    // 256 x 256 pixels each: 31 MB, a shard full, and ten times that.
    const few = await prepareElsewhere(await tarOf(pictures(160)), { imageSize: 256 })
    const many = await prepareElsewhere(await tarOf(pictures(1600)), { imageSize: 256 })
    expect([few.images, many.images]).toEqual([160, 1600])
    expect(many.megabytes - few.megabytes).toBeLessThan(100)
  }, 300_000)

  it('does not grow with the bytes of raw pixels: 250 MB of them', async () => {
    const batch = Buffer.from(noise(2, 8000 * 3073))
    const batches = Array.from({ length: 10 }, (_, file): Entries[number] => {
      for (let record = 0; record < 8000; record++) {
        batch[record * 3073] = record % 10
        batch.writeUInt32LE(file * 8000 + record, record * 3073 + 1)
      }
      return [`data_batch_${file}.bin`, Buffer.from(batch)]
    })
    const { megabytes, images } = await prepareElsewhere(
      await tarOf([['batches.meta.txt', 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n'], ...batches]),
    )
    expect(images).toBe(80_000)
    // A batch of 25 MB, a shard of 32 MB, 80,000 entries, the program itself.
    expect(megabytes).toBeLessThan(200)
  }, 300_000)
})
