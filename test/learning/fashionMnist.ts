import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { crc32, deflateSync, gunzipSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import yauzl from 'yauzl'
import yazl from 'yazl'

const originals = '/usr/share/datasets/fashion-mnist'
const classes = [
  'T-shirt_top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]
const side = 28

/** Whether Debian's package dataset-fashion-mnist is installed. */
export const haveFullTest = existsSync(`${originals}/t10k-images-idx3-ubyte.gz`)

/** The demo's training images with the whole official test part of 10,000 images, as one archive. */
export async function writeFullTestArchive(demoArchive: string, path: string): Promise<void> {
  const zip = new yazl.ZipFile()
  for await (const { name, bytes } of trainingFiles(demoArchive)) zip.addBuffer(bytes, name, { compress: false })
  const images = gunzipSync(readFileSync(`${originals}/t10k-images-idx3-ubyte.gz`)).subarray(16)
  const labels = gunzipSync(readFileSync(`${originals}/t10k-labels-idx1-ubyte.gz`)).subarray(8)
  labels.forEach((label, i) => {
    const name = `test/${classes[label]}/${String(i).padStart(5, '0')}.png`
    zip.addBuffer(grayPng(images.subarray(i * side * side, (i + 1) * side * side)), name, { compress: false })
  })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
}

async function* trainingFiles(archive: string): AsyncGenerator<{ name: string; bytes: Buffer }> {
  const zip = await yauzl.openPromise(archive, { lazyEntries: true })
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.startsWith('train/')) continue
    yield { name: entry.fileName, bytes: await buffer(await zip.openReadStreamPromise(entry)) }
  }
}

/** An 8 bit gray PNG of `side` x `side` pixels, rows unfiltered. */
function grayPng(pixels: Uint8Array): Buffer {
  const rows = Buffer.concat(
    Array.from({ length: side }, (_, y) => Buffer.from([0, ...pixels.subarray(y * side, (y + 1) * side)])),
  )
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 0, 0, 0, 0])
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
