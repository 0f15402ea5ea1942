/** What is killed, and when: a pure function of the seed. */
export interface Kill {
  /** Milliseconds after the run began, or after the service was ready again. */
  afterMs: number
  /** `trainer`: one of its processes, or all; `services`: some of the service's processes; `all`: both at once. */
  target: 'trainer' | 'services' | 'all'
  /** 0..1: which of them. */
  which: number
}

export interface ChaosPlan {
  kills: Kill[]
  /** The data set is uploaded and prepared in the middle of it, too. */
  uploads: boolean
}

export function planChaos(seed: number, spanMs: number): ChaosPlan {
  const uniform = generator(seed)
  const kills = Array.from({ length: 1 + Math.floor(3 * uniform()) }, (): Kill => ({
    afterMs: Math.floor(spanMs * uniform()),
    target: (['trainer', 'trainer', 'services', 'services', 'all'] as const)[Math.floor(5 * uniform())]!,
    which: uniform(),
  }))
  return { kills, uploads: seed % 4 === 0 }
}

/** Mulberry32: any seed gives an unlike sequence of numbers in 0..1. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
