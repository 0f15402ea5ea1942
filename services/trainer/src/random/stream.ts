import { createHash } from 'node:crypto'

/** What a stream is for. A new use gets a new name, so that it never moves the draws of another. */
type StreamName =
  | 'init'
  | 'shuffle'
  | 'augment'
  | 'mix'
  | 'pair'
  | 'unlabelled-shuffle'
  | 'unlabelled-augment'
  | 'unlabelled-pair'
  | 'dropout'
  | 'corrupt'
  | 'perturb'
  | 'split'
  | 'bootstrap'

export interface StreamKey {
  /** The job's seed, a safe integer. */
  seed: number
  name: StreamName
  /** Counted from 0; 0 for what does not depend on an epoch. */
  epoch?: number
  /** Which batch, image or layer of that epoch, counted from 0. */
  index?: number
  /** Which of several uses there, if there are more than one. */
  part?: string
}

export interface Stream {
  /** 32 random bits as an integer in [0, 2^32). */
  bits(): number
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Standard normal (Box and Muller, both values used). */
  normal(): number
  /** Uniform integer in [0, n), without bias. */
  int(n: number): number
  /** A uniform permutation of 0..n-1 (Fisher and Yates). */
  permutation(n: number): Uint32Array
}

/**
 * A deterministic generator for one purpose at one point of a run.
 *
 * The state is the first 128 bits of SHA-256 over the key, so streams of different keys have nothing in common, and the
 * draws of one (the partners, say) do not depend on how many another has used. The generator is xoshiro128** 1.1
 * (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021).
 *
 * @example const partners = stream({ seed: 7, name: 'pair', epoch: 3, index: batch }).permutation(128)
 */
export function stream({ seed, name, epoch = 0, index = 0, part }: StreamKey): Stream {
  const digest = createHash('sha256')
    .update(`${seed}/${name}/${epoch}/${index}${part === undefined ? '' : `/${part}`}`)
    .digest()
  return xoshiro128([digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)])
}

/** xoshiro128** from a state of four 32-bit words, not all zero. Exported for the test against published values. */
export function xoshiro128(state: readonly [number, number, number, number]): Stream {
  let [s0, s1, s2, s3] = state
  let spare: number | undefined

  const bits = () => {
    const scrambled = Math.imul(s1, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 11) | (s3 >>> 21)
    return result
  }

  const uniform = () => ((bits() >>> 5) * 67_108_864 + (bits() >>> 6)) / 9_007_199_254_740_992

  const normal = () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  const int = (n: number) => {
    if (!Number.isInteger(n) || n < 1 || n > 4_294_967_296)
      throw new RangeError(`int(n) needs an integer n in 1..2^32, not ${n}`)
    // The last, incomplete run of n values is drawn again.
    const limit = 4_294_967_296 - (4_294_967_296 % n)
    let value = bits()
    while (value >= limit) value = bits()
    return value % n
  }

  const permutation = (n: number) => {
    const order = Uint32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = int(i + 1)
      const held = order[i]!
      order[i] = order[j]!
      order[j] = held
    }
    return order
  }

  return { bits, uniform, normal, int, permutation }
}
