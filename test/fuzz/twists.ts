import fc from 'fast-check'

/** At the `at`th place where a writer asks, something else is written. */
export interface Edit {
  at: number
  kind: number
  amount: number
}

/** Bytes that a list may grow to by being repeated. */
const maxRepeated = 2 ** 20

/**
 * What a writer of a format asks at every number, text, list and run of bytes that it writes: without edits it gets
 * back what it gave, and the file is an honest one; each edit makes one place strange. So files keep the grammar of
 * their format around what is wrong with them.
 */
export class Twists {
  #asked = 0
  readonly #edits: ReadonlyMap<number, Edit>

  constructor(edits: readonly Edit[] = []) {
    this.#edits = new Map(edits.map((edit) => [edit.at, edit]))
  }

  #next(): Edit | undefined {
    return this.#edits.get(this.#asked++)
  }

  /** A number; writers cut it to the width of its field. */
  number(honest: number): number {
    const edit = this.#next()
    if (edit === undefined) return honest
    const strange = [
      0,
      1,
      -1,
      honest - 1,
      honest + 1,
      honest * 2,
      honest + edit.amount,
      edit.amount,
      255,
      65_535,
      65_536,
      2 ** 24,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      -(2 ** 31),
      2 ** 40,
      2 ** 53,
      2 ** 63,
    ]
    return strange[edit.kind % strange.length]!
  }

  text(honest: string): string {
    const edit = this.#next()
    if (edit === undefined) return honest
    const strange = [
      '',
      honest + honest,
      'x'.repeat(edit.amount),
      '__proto__',
      'constructor',
      '\u0000',
      '\ufeff',
      '../..',
      ' ',
      '\u{1f600}',
      honest.toUpperCase(),
      `${honest}\n${honest}`,
      '-1',
      '1e999',
      'NaN',
    ]
    return strange[edit.kind % strange.length]!
  }

  list<T>(honest: readonly T[], bytesEach = 8): T[] {
    const edit = this.#next()
    if (edit === undefined) return [...honest]
    const times = Math.max(
      1,
      Math.min(1 + edit.amount, Math.floor(maxRepeated / Math.max(1, honest.length * bytesEach))),
    )
    switch (edit.kind % 6) {
      case 0:
        return []
      case 1:
        return honest.slice(1)
      case 2:
        return honest.slice(0, -1)
      case 3:
        return honest.toReversed()
      default:
        return Array.from({ length: honest.length * times }, (_, i) => honest[i % honest.length]!)
    }
  }

  bytes(honest: Uint8Array): Uint8Array {
    const edit = this.#next()
    if (edit === undefined) return honest
    const place = edit.amount % (honest.length + 1)
    switch (edit.kind % 6) {
      case 0:
        return new Uint8Array()
      case 1:
        return honest.subarray(0, place)
      case 2:
        return honest.subarray(place)
      case 3:
        return Buffer.concat([honest, honest])
      case 4:
        return Buffer.concat([honest, Buffer.alloc(edit.amount)])
      default:
        return Buffer.concat([
          honest.subarray(0, place),
          Buffer.alloc(edit.kind % 2 === 0 ? 8 : 1, 0xff),
          honest.subarray(place),
        ])
    }
  }
}

/** Few edits near the beginning, where headers are, more seldom far behind. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.oneof({ weight: 4, arbitrary: fc.nat(40) }, { weight: 2, arbitrary: fc.nat(200) }, fc.nat(2000)),
    kind: fc.nat(50),
    amount: fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(300_000)),
  }),
  { maxLength: 4 },
)

/** Changes of bytes that know nothing of the format. */
export interface Damage {
  kind: 'flip' | 'number' | 'cut' | 'insert' | 'repeat'
  /** Where, as a part of the whole. */
  at: number
  value: number
}

export const damages: fc.Arbitrary<Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'flip', 'number', 'number', 'cut', 'insert', 'repeat'),
    at: fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.02, noNaN: true }),
      fc.double({ min: 0.98, max: 1, noNaN: true }),
    ),
    value: fc.nat(2 ** 31 - 1),
  }),
  { maxLength: 3 },
)

const widths = [1, 2, 4, 8]
const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff]

export function damage(honest: Uint8Array, changes: readonly Damage[]): Buffer {
  let bytes: Buffer = Buffer.from(honest)
  for (const { kind, at, value } of changes) {
    if (bytes.length === 0) break
    const place = Math.min(bytes.length - 1, Math.floor(at * bytes.length))
    const width = widths[value % widths.length]!
    if (kind === 'flip') bytes[place]! ^= 1 << (value & 7)
    else if (kind === 'number')
      for (let i = 0; i < width && place + i < bytes.length; i++)
        bytes[place + i] = (numbers[value % numbers.length]! >>> (8 * Math.min(i, 3))) & 0xff
    else if (kind === 'cut')
      bytes = Buffer.concat([
        bytes.subarray(0, place),
        bytes.subarray(place + (value % 2 === 0 ? bytes.length : value % 100)),
      ])
    else if (kind === 'insert')
      bytes = Buffer.concat([bytes.subarray(0, place), Buffer.alloc(value % 300, value & 0xff), bytes.subarray(place)])
    else
      bytes = Buffer.concat([
        bytes,
        ...Array.from({ length: value % 20 }, () => bytes.subarray(place, place + (value % 5000))),
      ])
  }
  return bytes
}
