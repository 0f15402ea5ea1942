/**
 * Uniform 32-bit numbers in [0, 1) from a seed. A seed gives the same numbers on every machine. The generator is sfc32
 * (Chris Doty-Humphrey's "small fast counter", PractRand). It serves resampling only; training has its own named
 * streams.
 */
export function seededUniform(seed: number): () => number {
  let a = seed >>> 0
  let b = Math.floor(seed / 4_294_967_296) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  for (let i = 0; i < 16; i++) next() // mixes the seed into every word
  return next
}
