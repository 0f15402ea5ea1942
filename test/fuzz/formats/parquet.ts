import { gzipSync } from 'node:zlib'
import { Twists } from '../twists.js'
import { u32 } from './arrays.js'

/** A value of Thrift's compact protocol, by the field that it stands in. */
type Thrift =
  | { i32: number }
  | { text: string | Uint8Array }
  | { structs: Fields[] }
  | { texts: string[] }
  | { numbers: number[] }
  | { struct: Fields }
export type Fields = [field: number, value: Thrift][]

const none = new Twists()

function varint(value: number): Buffer {
  const out: number[] = []
  let rest = BigInt(Math.trunc(Math.max(0, value)))
  do {
    out.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(out)
}
const zigzag = (value: number): Buffer => varint(value < 0 ? -2 * value - 1 : 2 * value)

export function structOf(fields: Fields, twists = none): Buffer {
  const parts: Buffer[] = []
  let last = 0
  for (const [field, value] of twists.list(fields, 16)) {
    const [type, content] = valueOf(value, twists)
    const step = field - last
    parts.push(
      step > 0 && step < 16 ? Buffer.from([(step << 4) | type]) : Buffer.concat([Buffer.from([type]), zigzag(field)]),
      content,
    )
    last = field
  }
  return Buffer.concat([...parts, Buffer.from([0])])
}

function valueOf(value: Thrift, twists: Twists): [number, Buffer] {
  if ('i32' in value) return [6, zigzag(twists.number(value.i32))]
  if ('text' in value)
    return [8, binary(typeof value.text === 'string' ? Buffer.from(twists.text(value.text)) : value.text, twists)]
  if ('struct' in value) return [12, structOf(value.struct, twists)]
  if ('structs' in value)
    return [
      9,
      listOf(
        12,
        twists.list(value.structs, 64).map((one) => structOf(one, twists)),
        twists,
      ),
    ]
  if ('texts' in value)
    return [
      9,
      listOf(
        8,
        twists.list(value.texts).map((one) => binary(Buffer.from(twists.text(one)), twists)),
        twists,
      ),
    ]
  return [
    9,
    listOf(
      5,
      twists.list(value.numbers).map((one) => zigzag(twists.number(one))),
      twists,
    ),
  ]
}

const binary = (content: Uint8Array, twists: Twists): Buffer =>
  Buffer.concat([varint(twists.number(content.length)), content])
const listOf = (type: number, items: Buffer[], twists: Twists): Buffer =>
  Buffer.concat([Buffer.from([0xf0 | type]), varint(twists.number(items.length)), ...items])

export interface ParquetOptions {
  /** By the numbers of CompressionCodec: 0 none, 1 Snappy (literals alone), 2 gzip. */
  codec?: 0 | 1 | 2
  names?: readonly string[] | null
  /** Whether pictures refer to a dictionary. */
  dictionary?: boolean
  pageVersion?: 1 | 2
}

/** A table as hubs have them: `image`, a struct of optional `bytes`, and `label`. */
export function parquetOf(
  rows: readonly { bytes: Uint8Array; label: number }[],
  { codec = 0, names = null, dictionary = false, pageVersion = 1 }: ParquetOptions = {},
  twists = none,
): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')]
  const at = () => parts.reduce((sum, { length }) => sum + length, 0)
  const byteArrays = (values: readonly Uint8Array[]) =>
    Buffer.concat(values.flatMap((value) => [u32(twists.number(value.length)), value]))
  /** A run of `count` times `value`, in two bits. */
  const run = (count: number, value: number) => Buffer.concat([varint(twists.number(count * 2)), Buffer.from([value])])
  const page = (type: number, values: Buffer, about: [number, Fields], levels: Buffer = Buffer.alloc(0)): Buffer => {
    const prefix =
      type === 0 && levels.length > 0 ? Buffer.concat([u32(twists.number(levels.length)), levels]) : Buffer.alloc(0)
    const content = Buffer.concat([prefix, values])
    const outside = type === 3 ? levels : Buffer.alloc(0)
    const packed = Buffer.concat([outside, twists.bytes(pack(content, codec))])
    const head = structOf(
      [
        [1, { i32: type }],
        [2, { i32: content.length + outside.length }],
        [3, { i32: packed.length }],
        [about[0], { struct: about[1] }],
      ],
      twists,
    )
    return Buffer.concat([head, packed])
  }
  const dataPage = (values: Buffer, encoding: number, levels: Buffer): Buffer =>
    pageVersion === 1
      ? page(
          0,
          values,
          [
            5,
            [
              [1, { i32: rows.length }],
              [2, { i32: encoding }],
              [3, { i32: 3 }],
              [4, { i32: 3 }],
            ],
          ],
          levels,
        )
      : page(
          3,
          values,
          [
            8,
            [
              [1, { i32: rows.length }],
              [2, { i32: 0 }],
              [3, { i32: rows.length }],
              [4, { i32: encoding }],
              [5, { i32: levels.length }],
              [6, { i32: 0 }],
            ],
          ],
          levels,
        )

  const imageStart = at()
  if (dictionary) {
    parts.push(
      page(2, byteArrays([rows[0]!.bytes]), [
        7,
        [
          [1, { i32: 1 }],
          [2, { i32: 0 }],
        ],
      ]),
    )
    parts.push(dataPage(Buffer.concat([Buffer.from([1]), run(rows.length, 0)]), 8, run(rows.length, 2)))
  } else parts.push(dataPage(byteArrays(rows.map(({ bytes }) => bytes)), 0, run(rows.length, 2)))
  const imageBytes = at() - imageStart
  const labelStart = at()
  const labels = Buffer.alloc(rows.length * 8)
  rows.forEach(({ label }, i) => labels.writeBigInt64LE(BigInt(label), i * 8))
  parts.push(dataPage(labels, 0, run(rows.length, 1)))
  const labelBytes = at() - labelStart

  const chunk = (
    start: number,
    { type, path, bytes, dictionaryAt }: { type: number; path: string[]; bytes: number; dictionaryAt?: number },
  ): Fields => [
    [2, { i32: start }],
    [
      3,
      {
        struct: [
          [1, { i32: type }],
          [2, { numbers: [0, 3] }],
          [3, { texts: path }],
          [4, { i32: codec }],
          [5, { i32: rows.length }],
          [6, { i32: bytes }],
          [7, { i32: bytes }],
          [9, { i32: start }],
          ...(dictionaryAt === undefined ? [] : [[11, { i32: dictionaryAt }] as Fields[number]]),
        ],
      },
    ],
  ]
  const group: Fields = [
    [
      1,
      {
        structs: [
          chunk(imageStart, { type: 6, path: ['image', 'bytes'], bytes: imageBytes }),
          chunk(labelStart, { type: 2, path: ['label'], bytes: labelBytes }),
        ],
      },
    ],
    [2, { i32: imageBytes + labelBytes }],
    [3, { i32: rows.length }],
  ]
  const described = JSON.stringify({
    info: { features: { label: { names: names === null ? null : twists.list(names), _type: 'ClassLabel' } } },
  })
  const footer = structOf(
    [
      [1, { i32: 1 }],
      [
        2,
        {
          structs: [
            [
              [4, { text: 'schema' }],
              [5, { i32: 2 }],
            ],
            [
              [3, { i32: 1 }],
              [4, { text: 'image' }],
              [5, { i32: 1 }],
            ],
            [
              [1, { i32: 6 }],
              [3, { i32: 1 }],
              [4, { text: 'bytes' }],
            ],
            [
              [1, { i32: 2 }],
              [3, { i32: 1 }],
              [4, { text: 'label' }],
            ],
          ],
        },
      ],
      [3, { i32: rows.length }],
      [4, { structs: [group] }],
      [
        5,
        {
          structs:
            names === null
              ? []
              : [
                  [
                    [1, { text: 'huggingface' }],
                    [2, { text: described }],
                  ],
                ],
        },
      ],
    ],
    twists,
  )
  return Buffer.concat([...parts, footer, u32(twists.number(footer.length)), Buffer.from('PAR1')])
}

function pack(content: Buffer, codec: number): Buffer {
  if (codec === 2) return gzipSync(content)
  if (codec !== 1) return content
  // Snappy of literals alone, 60 bytes each.
  const pieces = Array.from({ length: Math.ceil(content.length / 60) }, (_, i) =>
    content.subarray(i * 60, (i + 1) * 60),
  )
  return Buffer.concat([
    varint(content.length),
    ...pieces.flatMap((piece) => [Buffer.from([(piece.length - 1) << 2]), piece]),
  ])
}
