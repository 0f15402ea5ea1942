import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import sharp from 'sharp'
import yazl from 'yazl'

/**
 * A zip of small pictures that a network can learn: stripes of two directions and squares, each of its own random
 * colour with noise. `perClass` for training, a third of it for the test part.
 */
export async function smallArchive(path: string, { perClass = 48, size = 16, seed = 7 } = {}): Promise<void> {
  const zip = new yazl.ZipFile()
  const uniform = generator(seed)
  const written = pipeline(zip.outputStream, createWriteStream(path))
  for (const [split, count] of [
    ['train', perClass],
    ['test', Math.ceil(perClass / 3)],
  ] as const) {
    for (const [label, name] of ['across', 'down', 'square'].entries()) {
      for (let index = 0; index < count; index++) {
        const png = await sharp(pixels({ label, size, uniform }), { raw: { width: size, height: size, channels: 3 } })
          .png()
          .toBuffer()
        zip.addBuffer(png, `${split}/${name}/${String(index).padStart(4, '0')}.png`)
      }
    }
  }
  zip.end()
  await written
}

function pixels({ label, size, uniform }: { label: number; size: number; uniform: () => number }): Uint8Array {
  const out = new Uint8Array(size * size * 3)
  const colour = [0, 1, 2].map(() => 120 + 120 * uniform())
  const phase = Math.floor(4 * uniform())
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const inside =
        label === 0
          ? (y + phase) % 4 < 2
          : label === 1
            ? (x + phase) % 4 < 2
            : Math.max(Math.abs(x - size / 2), Math.abs(y - size / 2)) < size / 4
      for (let channel = 0; channel < 3; channel++)
        out[(y * size + x) * 3 + channel] = (inside ? colour[channel]! : 40) + 30 * uniform()
    }
  }
  return out
}

/** Park and Miller's generator: enough for pictures. */
function generator(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
