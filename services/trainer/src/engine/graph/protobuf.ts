/**
 * Protocol-buffer wire format, the writing half (five of its six wire types are enough for graphs). Messages are byte
 * arrays of fields.
 */

function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

const tag = (field: number, wireType: 0 | 2 | 5) => varint(field * 8 + wireType)

/** An integer, boolean or enum field. Negative numbers take ten bytes, as int64. */
export const integerField = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(field, 0), varint(value)])

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([tag(field, 5), bytes])
}

/** A string, bytes or message field. */
export function bytesField(field: number, content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  return Buffer.concat([tag(field, 2), varint(bytes.length), bytes])
}
