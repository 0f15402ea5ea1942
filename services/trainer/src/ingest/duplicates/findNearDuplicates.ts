/**
 * Near duplicates of test pictures among training or unlabelled pictures, by difference hashes: of a picture's 8 x 9
 * thumbnail, one bit for each pair of neighbours in a row that says which is brighter. Hashes that differ in at most
 * `maxDistance` of 64 bits agree in at least one of `maxDistance + 1` pieces (pigeonholes; Norouzi et al., "Fast search
 * in Hamming space", 2012), so that only pictures that share a piece are compared. Then thumbnails and pixels must
 * correlate, since hashes alone take any two skies for one. Mirrored and cropped copies are not found. On CIFAR-10 67
 * training images are found, true copies to the eye. Like things on a plain background still count as copies: 48 of the
 * 500 training images of the demo's Fashion-MNIST do, most of them trousers. So near duplicates are reported, and
 * removed only if the user asks for it.
 */
import { thumbnailBytes, thumbnailColumns, thumbnailRows } from './thumbnail.js'

export interface NearDuplicate {
  /** Places in the thumbnails. */
  image: number
  test: number
  /** Bits of 64. */
  distance: number
}

const maxDistance = 8
/** Of the thumbnails, then of the pixels. */
const minCorrelation = 0.95
/**
 * Contrast (standard deviation over the thumbnail, in levels of 255) below which a picture is too plain to be told from
 * others.
 */
const minContrast = 8
const pieces = maxDistance + 1

/** How many pictures are compared between two yields. */
const atOnce = 4096

export interface Pictures {
  /** uint8 `[n, 8, 9]` */
  thumbnails: Uint8Array
  /** Bytes of a picture, and how to read the one at a place of the thumbnails into as many. */
  pictureBytes: number
  readPicture: (index: number, out: Uint8Array) => void
}

/**
 * For each picture that has one, the nearest test picture.
 * @param splits places in the thumbnails
 * @param yieldToEventLoop called now and then, so that this process shows signs of life and can be told to stop
 */
export async function findNearDuplicates(
  { thumbnails, pictureBytes, readPicture }: Pictures,
  { images, test }: { images: Uint32Array; test: Uint32Array },
  yieldToEventLoop: () => Promise<void>,
): Promise<NearDuplicate[]> {
  const thumbnailOf = (index: number) => thumbnails.subarray(index * thumbnailBytes, (index + 1) * thumbnailBytes)
  const isTold = (index: number) => contrast(thumbnailOf(index)) >= minContrast
  const told = test.filter(isTold)
  const hashes = new Uint32Array(told.length * 2)
  told.forEach((index, place) => hashes.set(hash(thumbnails, index), 2 * place))
  const holes = Array.from({ length: pieces }, (_, piece) => pigeonholes(hashes, piece))

  const one = new Uint8Array(pictureBytes)
  const other = new Uint8Array(pictureBytes)
  const agree = (image: number, test: number) => {
    if (!(correlation(thumbnailOf(image), thumbnailOf(test)) >= minCorrelation)) return false
    readPicture(image, one)
    readPicture(test, other)
    return correlation(one, other) >= minCorrelation
  }
  const nearest = (index: number): NearDuplicate | null => {
    const [low = 0, high = 0] = hash(thumbnails, index)
    let best: NearDuplicate | null = null
    for (const [piece, { starts, places }] of holes.entries()) {
      const key = pieceOf(low, high, piece)
      for (let at = starts[key]!; at < starts[key + 1]!; at++) {
        const place = places[at]!
        const distance = bits(low ^ hashes[2 * place]!) + bits(high ^ hashes[2 * place + 1]!)
        if (distance > maxDistance || (best !== null && distance >= best.distance)) continue
        if (agree(index, told[place]!)) best = { image: index, test: told[place]!, distance }
      }
    }
    return best
  }
  const found: NearDuplicate[] = []
  for (let first = 0; first < images.length; first += atOnce) {
    await yieldToEventLoop()
    for (const index of images.subarray(first, first + atOnce).filter(isTold)) {
      const duplicate = nearest(index)
      if (duplicate !== null) found.push(duplicate)
    }
  }
  return found
}

/**
 * The hashes (as places) sorted by one of their pieces; those with key k are `places[starts[k]]` to
 * `places[starts[k + 1] - 1]`.
 */
function pigeonholes(hashes: Uint32Array, piece: number): { starts: Uint32Array; places: Uint32Array } {
  const count = hashes.length / 2
  const keys = Uint8Array.from({ length: count }, (_, place) =>
    pieceOf(hashes[2 * place]!, hashes[2 * place + 1]!, piece),
  )
  const places = Uint32Array.from({ length: count }, (_, place) => place).sort((a, b) => keys[a]! - keys[b]! || a - b)
  const starts = new Uint32Array(257)
  for (const key of keys) starts[key + 1]!++
  for (let key = 0; key < 256; key++) starts[key + 1]! += starts[key]!
  return { starts, places }
}

/** The difference hash: bits 0-31 and 32-63, row by row. */
function hash(thumbnails: Uint8Array, index: number): Uint32Array {
  const out = new Uint32Array(2)
  let bit = 0
  for (let row = 0; row < thumbnailRows; row++) {
    const start = index * thumbnailBytes + row * thumbnailColumns
    for (let column = 0; column < thumbnailColumns - 1; column++, bit++) {
      if (thumbnails[start + column]! < thumbnails[start + column + 1]!) out[bit >> 5]! |= 1 << (bit & 31)
    }
  }
  return out
}

/** One of the pieces of a hash: 64 bits cut into runs of 7 or 8. */
function pieceOf(low: number, high: number, piece: number): number {
  const from = Math.floor((64 * piece) / pieces)
  const length = Math.floor((64 * (piece + 1)) / pieces) - from
  const word = from >= 32 ? high >>> (from - 32) : from === 0 ? low : (low >>> from) | (high << (32 - from))
  return word & ((1 << length) - 1)
}

/** How many bits of a 32-bit word are set. */
function bits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

function mean(values: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Standard deviation. */
function contrast(values: Uint8Array): number {
  const centre = mean(values)
  let squares = 0
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2
  return Math.sqrt(squares / values.length)
}

/** Pearson's. */
function correlation(one: Uint8Array, other: Uint8Array): number {
  const a = mean(one)
  const b = mean(other)
  let ab = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < one.length; i++) {
    const x = one[i]! - a
    const y = other[i]! - b
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return ab / Math.sqrt(aa * bb)
}
