import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodePicture } from '@imclr/trainer/image/testing'
import { folderOf, noise, noisePng, pngOf, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

/**
 * Coarse noise of a shape, as a JPEG whose second part is missing, and which ends as if it were whole.
 *
 * @param part of its bytes that is kept
 */
async function cutJpeg(width: number, height: number, part = 0.6): Promise<Buffer> {
  const coarse = sharp(noise(5, (width / 8) * (height / 8) * 3), {
    raw: { width: width / 8, height: height / 8, channels: 3 },
  })
  const whole = await coarse.resize(width, height, { kernel: 'nearest' }).jpeg({ quality: 90 }).toBuffer()
  return Buffer.concat([whole.subarray(0, Math.floor(whole.length * part)), Buffer.from('ffd9', 'hex')])
}
const flatJpeg = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 30, b: 30 } } })
    .jpeg()
    .toBuffer()
const noted = (notes: { code: string; count: number; examples: string[] }[]) =>
  Object.fromEntries(notes.map(({ code, count, examples }) => [code, [count, examples]]))
const ordinary = (): Entries => [...folderOf('cat', 4), ...folderOf('dog', 4, { seed: 20 })]

/** A surface with something on it, gray `[side, side, 3]`. */
const onGround = (ground: number, what: (y: number, x: number, c: number) => number, side = 64): Buffer =>
  pngOf(
    Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const [y, x] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side]
      return y >= side / 4 && y < (3 * side) / 4 && x >= side / 4 && x < (3 * side) / 4 ? what(y, x, i % 3) : ground
    }),
    { height: side, width: side },
  )

describe('pictures that are cut off or of one colour', () => {
  it.each(['crop', 'letterbox', 'stretch'] as const)(
    'are told of with fit %s, wide ones and tall ones',
    async (fit) => {
      await using place = await workplace()
      const { manifest } = await place.prepare(
        await zipOf([
          ...ordinary(),
          ['cat/cut-square.jpg', await cutJpeg(256, 256)],
          ['cat/cut-tall.jpg', await cutJpeg(160, 256)],
          ['cat/cut-wide.jpg', await cutJpeg(512, 256)],
          ['dog/flat-tall.jpg', await flatJpeg(100, 300)],
          ['dog/flat-wide.jpg', await flatJpeg(300, 100)],
        ]),
        { fit, imageSize: 32 },
      )
      // Beside the two of one colour that are the same once cropped or stretched.
      const { DUPLICATE_KEPT: _, TAKEN_FOR_DUPLICATE: __, ...others } = noted(manifest.notes)
      expect(
        Object.fromEntries(
          Object.entries(others).map(([code, [count, examples]]) => [code, [count, (examples as string[]).toSorted()]]),
        ),
      ).toEqual({
        CUT_OFF: [3, ['cat/cut-square.jpg', 'cat/cut-tall.jpg', 'cat/cut-wide.jpg']],
        ONE_COLOUR: [2, ['dog/flat-tall.jpg', 'dog/flat-wide.jpg']],
      })
    },
  )

  it('are noted even if only the beginning of their first row of blocks is left', async () => {
    await using place = await workplace()
    const early = await cutJpeg(256, 256, 0.06)
    const { data, info } = await sharp(early, { failOn: 'error' }).raw().toBuffer({ resolveWithObject: true })
    const isGray = (y: number, x: number) => [0, 1, 2].every((c) => data[(y * info.width + x) * 3 + c] === 128)
    const all = Array.from({ length: 256 }, (_, i) => i)
    expect([
      all.every((y) => isGray(y, 200)),
      all.every((x) => isGray(24, x)),
      all.every((y) => isGray(y, 8)),
      all.every((x) => isGray(8, x)),
    ]).toEqual([true, true, false, false])
    const { manifest } = await place.prepare(await zipOf([...ordinary(), ['cat/early.jpg', early]]), { imageSize: 64 })
    expect(noted(manifest.notes)).toEqual({ CUT_OFF: [1, ['cat/early.jpg']] })
  })

  it('do not include pictures on a gray background or with a square of one colour', async () => {
    await using place = await workplace()
    const dots = noise(9, 64 * 64 * 3)
    const { manifest } = await place.prepare(
      await zipOf([
        ...ordinary(),
        ['cat/on-gray.png', onGround(128, (y, x, c) => dots[(y * 64 + x) * 3 + c]!)],
        ['dog/square.png', onGround(0, () => 255)],
      ]),
      { fit: 'letterbox', imageSize: 32 },
    )
    expect(noted(manifest.notes)).toEqual({})
  })
})

it('files of several pages or frames are noted: the first page is the picture', async () => {
  await using place = await workplace()
  const side = 16
  const first = Uint8Array.from(
    { length: side * side * 3 },
    (_, i) => [10, 250, 70][(Math.floor(i / 3) + (i % 3)) % 3]!,
  )
  const both = () =>
    sharp(Buffer.concat([first, first.map((value) => 255 - value)]), {
      raw: { height: 2 * side, width: side, channels: 3, pageHeight: side },
    })
  const files = {
    'cat/two.gif': await both().gif({ dither: 0, colours: 8 }).toBuffer(),
    'cat/two.tif': await both().tiff({ compression: 'lzw' }).toBuffer(),
    'dog/two.webp': await both().webp({ lossless: true }).toBuffer(),
  }
  for (const [name, file] of Object.entries(files)) {
    expect([name, (await sharp(file).metadata()).pages]).toEqual([name, 2])
    expect([
      name,
      Buffer.compare(await decodePicture(file, { height: side, width: side, fit: 'crop', kernel: 'lanczos3' }), first),
    ]).toEqual([name, 0])
  }
  const { manifest } = await place.prepare(
    await zipOf([
      ...folderOf('train/cat', 4),
      ...folderOf('train/dog', 4, { seed: 20 }),
      ...folderOf('test/cat', 2, { seed: 40 }),
      ...folderOf('test/dog', 2, { seed: 60 }),
      ...Object.entries(files).map(([name, file]): Entries[number] => [`train/${name}`, file]),
    ]),
  )
  expect(manifest.notes.find(({ code }) => code === 'FIRST_PAGE')).toMatchObject({
    count: 3,
    examples: ['train/cat/two.gif', 'train/cat/two.tif', 'train/dog/two.webp'],
  })
})

it('files that were left out are all counted, even if not all of them are listed', async () => {
  await using place = await workplace()
  const broken = Array.from({ length: 1100 }, (_, i): Entries[number] => [
    `cat/broken-${i}.png`,
    `no picture, number ${i}`,
  ])
  const { manifest } = await place.prepare(await zipOf([...ordinary(), ...broken]), { onProblem: 'skip' })
  expect(manifest.skippedCount).toBe(1100)
  expect(manifest.notes.find(({ code }) => code === 'SKIPPED')).toMatchObject({ count: 1100 })
})

it('the same picture under three labels and in several parts is noted each time', async () => {
  await using place = await workplace()
  const { manifest } = await place.prepare(
    await zipOf([
      ...folderOf('train/cat', 4),
      ...folderOf('train/dog', 4, { seed: 20 }),
      ...folderOf('train/owl', 4, { seed: 30 }),
      ...folderOf('val/cat', 2, { seed: 70 }),
      ...folderOf('val/dog', 2, { seed: 80 }),
      ...folderOf('val/owl', 2, { seed: 85 }),
      ...folderOf('test/cat', 2, { seed: 40 }),
      ...folderOf('test/dog', 2, { seed: 60 }),
      ...folderOf('test/owl', 2, { seed: 65 }),
      ['train/dog/zero.png', noisePng(0)],
      ['val/owl/zero.png', noisePng(0)],
    ]),
  )
  expect(noted(manifest.notes)['SAME_PICTURE_TWO_LABELS']).toEqual([
    2,
    ['train/cat/000.png (cat) is train/dog/zero.png (dog)', 'train/cat/000.png (cat) is val/owl/zero.png (owl)'],
  ])
})
