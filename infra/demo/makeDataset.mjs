// Makes the data set of `npm run demo` from the original Fashion-MNIST files (Debian: apt-get install
// dataset-fashion-mnist):
//
//     node infra/demo/makeDataset.mjs [folder of the originals]
//
// 50 training images and 200 test images of each class, and 4,000 unlabelled ones, as PNG files in one archive.
// Training and unlabelled images come from the official training part, test images from the official test part. Which
// ones is decided by a hash of their position, so that the choice looks random and never changes; an image whose pixels
// were taken already is passed over. Compression is JavaScript (fflate), names are sorted, times are fixed: the same
// bytes on every machine.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { zipSync, zlibSync } from 'fflate'

const originals = process.argv[2] ?? '/usr/share/datasets/fashion-mnist'
const archive = join(dirname(fileURLToPath(import.meta.url)), 'fashion-mnist-small.zip')

const trainPerClass = 50
const testPerClass = 200
const unlabelled = 4000

/** Label by label, as published; "T-shirt/top" would be two folders, so its slash became a line. */
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

/** SHA-256 of the uncompressed originals; the compressed files differ from one packaging to the next. */
const originalSums = {
  'train-images-idx3-ubyte.gz': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte.gz': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte.gz': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte.gz': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
}
const side = 28

function readOriginal(name) {
  const bytes = gunzipSync(readFileSync(join(originals, name)))
  const sum = createHash('sha256').update(bytes).digest('hex')
  if (sum !== originalSums[name])
    throw new Error(
      `${join(originals, name)} does not hold the original data: SHA-256 ${sum}, not ${originalSums[name]}`,
    )
  return bytes
}

/**
 * A part of the data set: `{ index, label, pixels }` for each image. The headers are 16 and 8 bytes long (IDX format).
 */
function readPart(part) {
  const images = readOriginal(`${part}-images-idx3-ubyte.gz`).subarray(16)
  const labels = readOriginal(`${part}-labels-idx1-ubyte.gz`).subarray(8)
  return Array.from(labels, (label, index) => ({
    index,
    label,
    pixels: images.subarray(index * side * side, (index + 1) * side * side),
  }))
}

/** The images in an order that is decided by `purpose` and their position alone. */
function shuffled(images, purpose) {
  const key = ({ index }) => createHash('sha256').update(`fashion-mnist-small ${purpose} ${index}`).digest('hex')
  return images
    .map((image) => [key(image), image])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, image]) => image)
}

const taken = new Set()

/** The first `count` images whose pixels were not taken before. */
function take(images, count) {
  const chosen = []
  for (const image of images) {
    const content = image.pixels.toString('latin1')
    if (chosen.length === count || taken.has(content)) continue
    taken.add(content)
    chosen.push(image)
  }
  if (chosen.length < count) throw new Error(`only ${chosen.length} of ${count} images are there`)
  return chosen
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n
})

function pngChunk(type, data) {
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  chunk.set(data, 8)
  let crc = 0xffffffff
  for (const byte of chunk.subarray(4, 8 + data.length)) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8)
  chunk.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 8 + data.length)
  return chunk
}

/** PNG's predictions of a byte from its left, upper and upper left neighbours (PNG specification, section 9.2). */
const predictions = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, corner) => {
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value))
    return a <= b && a <= c ? left : b <= c ? up : corner
  },
]

/** Rows filtered one by one as `choose` says: each row is its filter's number and what the filter leaves. */
function filterRows(pixels, choose) {
  const rows = []
  const at = (x, y) => (x < 0 || y < 0 ? 0 : pixels[y * side + x])
  for (let y = 0; y < side; y++) {
    const candidates = predictions.map((predict, filter) =>
      Uint8Array.from({ length: side + 1 }, (_, i) =>
        i === 0 ? filter : at(i - 1, y) - predict(at(i - 2, y), at(i - 1, y - 1), at(i - 2, y - 1)),
      ),
    )
    rows.push(choose(candidates))
  }
  return Buffer.concat(rows)
}

/** How much a filtered row varies, the usual guess of how badly it will compress. */
const roughness = (row) => row.subarray(1).reduce((sum, byte) => sum + Math.min(byte, 256 - byte), 0)

const choices = [
  ...predictions.map((_, filter) => (candidates) => candidates[filter]),
  (candidates) => candidates.reduce((best, row) => (roughness(row) < roughness(best) ? row : best)),
]

/** An 8 bit gray PNG, by the choice of filters that makes it smallest. */
function encodePng(pixels) {
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 0, 0, 0, 0])
  const data = choices
    .map((choose) => zlibSync(filterRows(pixels, choose), { level: 9 }))
    .reduce((best, next) => (next.length < best.length ? next : best))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

const train = readPart('train')
const test = readPart('t10k')
const files = new Map()
const add = (folder, images) => {
  for (const { index, pixels } of images)
    files.set(`${folder}/${String(index).padStart(5, '0')}.png`, encodePng(pixels))
}
for (const [part, images, perClass] of [
  ['test', test, testPerClass],
  ['train', train, trainPerClass],
])
  classes.forEach((name, label) => {
    const ofClass = images.filter((image) => image.label === label)
    add(`${part}/${name}`, take(shuffled(ofClass, part), perClass))
  })
add('unlabelled', take(shuffled(train, 'unlabelled'), unlabelled))

const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
// Local time is what a zip archive holds; the day of the originals' last change.
const zipped = zipSync(Object.fromEntries(sorted), { level: 0, mtime: new Date(2020, 4, 23) })
writeFileSync(archive, zipped)
console.log(
  `${archive}: ${files.size} images, ${zipped.length} bytes, sha256 ${createHash('sha256').update(zipped).digest('hex')}`,
)
