import { DamagedFile } from '../../archive/archive.js'

/**
 * Unpacks a block of Snappy (google/snappy, format_description.txt) that is known to become `length` bytes.
 * @throws DamagedFile where it becomes more or fewer, or refers to what is not there
 */
export function unsnap(input: Uint8Array, length: number): Uint8Array {
  let at = 0
  let claimed = 0
  for (let power = 0; ; power += 7) {
    const byte = at < input.length && power < 35 ? input[at++]! : broken()
    claimed += (byte & 0x7f) * 2 ** power
    if (byte < 0x80) break
  }
  // Three bytes become at most 64.
  if (claimed !== length || length > 22 * input.length) broken()
  const output = new Uint8Array(length)
  const little = (bytes: number): number => {
    if (at + bytes > input.length) broken()
    let value = 0
    for (let i = 0; i < bytes; i++) value += input[at++]! * 2 ** (8 * i)
    return value
  }
  let done = 0
  while (at < input.length) {
    const tag = input[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >> 2
      const run = 1 + (short < 60 ? short : little(short - 59))
      if (run > input.length - at || run > length - done) broken()
      output.set(input.subarray(at, at + run), done)
      at += run
      done += run
      continue
    }
    const run = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    const back = kind === 1 ? (tag >> 5) * 256 + little(1) : little(kind === 2 ? 2 : 4)
    if (back === 0 || back > done || run > length - done) broken()
    // What is copied may be what this very copy has just written.
    if (back >= run) output.copyWithin(done, done - back, done - back + run)
    else for (let i = 0; i < run; i++) output[done + i] = output[done + i - back]!
    done += run
  }
  return done === length ? output : broken()
}

function broken(): never {
  throw new DamagedFile('a page that is packed by Snappy is damaged')
}
