import { readdirSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { idxOf, matArray, matCompressed, matElement, matFile, npyOf, pickleOf, u32 } from '../../fuzz/formats/arrays.js'
import { tarred, zipped, type Entries } from '../../fuzz/formats/archives.js'
import { parquetOf, structOf, type Fields } from '../../fuzz/formats/parquet.js'
import { png } from '../../fuzz/readers.js'
import { allowed, complaint, Trial } from '../../fuzz/trial.js'
import { Twists } from '../../fuzz/twists.js'
import { failureOf, noise, tarOf, workplace } from './uploads.js'

const tar = (entries: Entries): Buffer => tarred(entries, new Twists())
const lines = (count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, i) => `class ${i}\n`).join(''))
const many = 300_000
const trial = new Trial()
afterAll(() => trial[Symbol.asyncDispose]())

/**
 * Prepares an upload in a process of its own, within what is allowed for so many unpacked bytes (20 s and 5 s more for
 * each MiB: tens of times what any of these takes), and gives `CODE path ISSUE` of its first problem, or `CODE` alone.
 */
async function ending(upload: Uint8Array, unpacked = upload.length): Promise<{ told: string; message: string }> {
  const allowance = { ...allowed(0), bytes: allowed(unpacked).bytes }
  const found = await trial.prepare(upload, { limitSeconds: 2 * allowance.seconds })
  expect(complaint(found, allowance)).toBeNull()
  const [issue] = found.issues
  return {
    told: issue === undefined ? String(found.code) : `${found.code} ${issue.path} ${issue.code}`,
    message: found.message,
  }
}

describe('lists of class names', () => {
  const records = Buffer.concat(
    Array.from({ length: 6 }, (_, i) => Buffer.concat([Buffer.alloc(1, i % 3), noise(i, 3072)])),
  )
  const hundred = Buffer.concat(
    Array.from({ length: 6 }, (_, i) => Buffer.concat([Buffer.alloc(2, i % 3), noise(i, 3072)])),
  )
  const pixels = noise(1, 2 * 27_648)
  const cifar = (names: Buffer): Entries => [
    ['c/batches.meta.txt', names],
    ['c/data_batch_1.bin', records],
  ]
  const stl = (names: Buffer, folds = Buffer.from('0 1\n')): Entries => [
    ['class_names.txt', names],
    ['train_X.bin', pixels],
    ['train_y.bin', Buffer.from([1, 2])],
    ['fold_indices.txt', folds],
  ]
  const tiny = ({
    wnids = Buffer.from('n01\nn02\n'),
    words = Buffer.from('n01\tant\nn02\tbee\n'),
    annotations = Buffer.from('val_0.JPEG\tn01\n'),
  }: {
    wnids?: Buffer
    words?: Buffer
    annotations?: Buffer
  }): Entries => [
    ['wnids.txt', wnids],
    ['words.txt', words],
    ['val/val_annotations.txt', annotations],
    ['val/images/val_0.JPEG', png(1)],
    ['train/n01/images/0.JPEG', png(2)],
    ['train/n02/images/0.JPEG', png(3)],
  ]

  it.each<[string, Entries, string, RegExp]>([
    ['of CIFAR-10', cifar(lines(many)), 'c/batches.meta.txt LIST_TOO_LONG', /more than 65535 lines/],
    [
      'of CIFAR-100',
      [
        ['fine_label_names.txt', lines(many)],
        ['train.bin', hundred],
      ],
      'fine_label_names.txt LIST_TOO_LONG',
      /more than 65535 lines/,
    ],
    ['of STL-10', stl(lines(many)), 'class_names.txt LIST_TOO_LONG', /more than 65535 lines/],
    ['of Tiny ImageNet', tiny({ wnids: lines(many) }), 'wnids.txt LIST_TOO_LONG', /more than 65535 lines/],
    ['of Tiny ImageNet in words', tiny({ words: lines(600_000) }), 'words.txt LIST_TOO_LONG', /more than 500000 lines/],
    [
      'of Tiny ImageNet in annotations',
      tiny({ annotations: lines(many) }),
      'val/val_annotations.txt LIST_TOO_LONG',
      /more than 20000 lines/,
    ],
    [
      'of pickles',
      [
        ['batches.meta', pickleOf(new Map([['label_names', Array.from({ length: many }, (_, i) => `c${i}`)]]))],
        [
          'data_batch_1',
          pickleOf(
            new Map<string, never>([
              ['labels', [0, 1] as never],
              ['data', { shape: [2, 3072], values: noise(1, 6144) } as never],
            ]),
          ),
        ],
      ],
      'batches.meta TOO_MANY_CLASSES',
      /300000 classes, at most 65535/,
    ],
    [
      'of Parquet',
      [
        [
          'a.parquet',
          parquetOf(
            [0, 1].map((label) => ({ bytes: png(label), label })),
            { names: Array.from({ length: 100_000 }, (_, i) => `c${i}`) },
          ),
        ],
      ],
      'a.parquet TOO_MANY_CLASSES',
      /100000 classes, at most 65535/,
    ],
    [
      'of a stored set',
      [
        ['labels.npy', npyOf({ type: '|u1', shape: [5], values: new Uint8Array(5) })],
        ['fog.npy', npyOf({ type: '|u1', shape: [5, 8, 8, 3], values: noise(1, 960) })],
        ['classes.txt', lines(many)],
      ],
      'classes.txt LIST_TOO_LONG',
      /more than 65535 lines/,
    ],
    [
      'that are too large to read',
      cifar(Buffer.alloc(17 * 2 ** 20, 10)),
      'c/batches.meta.txt FILE_TOO_LARGE',
      /at most 16777216/,
    ],
    [
      'with a name that is too long',
      cifar(Buffer.from(`ant\n${'x'.repeat(201)}\nbee\n`)),
      'c/batches.meta.txt NAME_TOO_LONG',
      /more than 200 bytes/,
    ],
    [
      'beside folds without end',
      stl(Buffer.from('ant\nbee\n'), Buffer.alloc(5 * 2 ** 20, '0 ')),
      'fold_indices.txt FILE_TOO_LARGE',
      /at most 4194304/,
    ],
  ])(
    'that are too long are refused: %s',
    async (_, entries, issue, message) => {
      const found = await ending(tar(entries))
      expect(found.told).toBe(`DATASET_INVALID ${issue}`)
      expect(found.message).toMatch(message)
    },
    120_000,
  )

  it('of the largest size cost no more time than reading their bytes', async () => {
    for (const entries of [cifar(lines(65_535)), stl(lines(65_535)), tiny({ wnids: lines(65_535) })])
      expect((await ending(tar(entries))).told).toMatch(
        /^DATASET_INVALID .*(EMPTY_CLASS|CLASS_TOO_SMALL|NOT_IN_A_CLASS)$/,
      )
  }, 240_000)
})

describe('class names that cannot be stored or seen', () => {
  it.each<[string, string]>([
    ['a control character', 'a\u0000b'],
    ['half a character', '\ud800'],
    ['nothing but a mark of byte order', '\ufeff\u200b'],
  ])(
    'are refused: %s',
    async (_, name) => {
      const rows = ['ant', name].flatMap((label, c) =>
        [0, 1].map((i) => JSON.stringify({ path: `${2 * c + i}.png`, label })),
      )
      const found = await ending(
        tar([
          ['rows.jsonl', Buffer.from(rows.join('\n'))],
          ...[0, 1, 2, 3].map((i): Entries[number] => [`${i}.png`, png(i)]),
        ]),
      )
      expect(found.told).toMatch(/^DATASET_INVALID .*BAD_NAME$/)
    },
    60_000,
  )
})

describe('MAT-files', () => {
  const labels = matArray({ name: 'y', shape: [1, 1], values: Uint8Array.of(1) })
  it.each<[string, Buffer]>([
    ['with 30,000 compressed elements', matFile(Array.from({ length: 30_000 }, () => matCompressed(labels)))],
    [
      'with 30 MB of empty elements',
      Buffer.concat([matFile([]), Buffer.alloc(30 * 2 ** 20, matElement(9, new Uint8Array()))]),
    ],
  ])(
    '%s are refused by the number of elements',
    async (_, file) => {
      const found = await ending(file)
      expect(found.told).toBe('DATASET_INVALID archive DAMAGED')
      expect(found.message).toMatch(/more than 256 elements/)
    },
    120_000,
  )

  it('with sides below zero are refused', async () => {
    const found = await ending(matFile([matArray({ name: 'X', shape: [-8, -8, 3, 2], values: noise(1, 384) }), labels]))
    expect(found).toEqual({
      told: 'DATASET_INVALID archive DAMAGED',
      message: 'archive: an array has the shape -8 x -8 x 3 x 2',
    })
  })
})

describe('pickles', () => {
  const file = (...parts: (string | Buffer)[]) =>
    Buffer.concat([
      Buffer.from([0x80, 2]),
      ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
    ])
  it.each<[string, Buffer, RegExp]>([
    [
      'of four million dictionaries',
      file(Buffer.alloc(4_000_000, '}')),
      /more than 100000 lists, tuples, dictionaries/,
    ],
    ['of ten million numbers', file(Buffer.alloc(20_000_000, 'K1')), /more than 4000000 opcodes/],
    ['of tuples in tuples', file(']', Buffer.alloc(3_000_000, '\x85', 'latin1')), /more than 100000 lists/],
    [
      'of lists that hold each other',
      file(
        '](',
        ...Array.from({ length: 30_000 }, (_, i) =>
          Buffer.concat([
            Buffer.from(']r'),
            u32(i),
            Buffer.from('j'),
            u32(Math.max(0, i - 1)),
            Buffer.from('j'),
            u32(Math.max(0, i - 1)),
            Buffer.from('\x86', 'latin1'),
          ]),
        ),
        'e.',
      ),
      /pickle|data|label_names/,
    ],
    [
      'with the name of a kind that is a file long',
      file('cnumpy\ndtype\n', 'X', u32(1_000_000), Buffer.alloc(1_000_000, 'x'), '\x85R.'),
      /label_names/,
    ],
  ])(
    '%s are refused',
    async (_, content, message) => {
      const found = await ending(
        tar([
          ['data_batch_1', content],
          ['batches.meta', file('}.')],
        ]),
      )
      expect(found.told).toMatch(/^DATASET_INVALID \S+ (DAMAGED|NAMES_MISSING)$/)
      expect(found.message).toMatch(message)
      expect(found.message.length).toBeLessThan(500)
    },
    120_000,
  )
})

describe('headers of arrays', () => {
  const labels = ['y.npy', npyOf({ type: '|u1', shape: [2], values: Uint8Array.of(0, 1) })] as const
  const npy = (shape: readonly (number | string)[], bytes = 0, fortran = false) =>
    npyOf({ type: '|u1', shape: shape as number[], values: new Uint8Array(bytes), fortran })
  it.each<[string, Entries, string]>([
    ['npy with a side of 400 digits', [['x.npy', npy(['9'.repeat(400), 8, 8])], [...labels]], 'x.npy DAMAGED'],
    [
      'npy with more elements than numbers can tell',
      [['x.npy', npy([2 ** 49, 2 ** 49, 8, 3])], [...labels]],
      'x.npy DAMAGED',
    ],
    ['npy with sides of nothing', [['x.npy', npy([999_999_999_999_999, 0, 8])], [...labels]], 'x.npy ARRAY_SHAPE'],
    ['npy with no side at all', [['x.npy', npy([], 1)], [...labels]], 'x.npy ARRAY_SHAPE'],
    ['npy with a hundred sides', [['x.npy', npy(Array(100).fill(1), 1)], [...labels]], 'x.npy DAMAGED'],
    [
      'npy with more labels than images',
      [
        ['x.npy', npy([2, 8, 8], 128)],
        ['y.npy', npy([9_000_000], 9_000_000)],
      ],
      'x.npy LABELS_DIFFER',
    ],
    [
      'npy with one picture of 25 megapixels',
      [
        ['x.npy', npy([1, 5000, 5000], 25_000_000)],
        ['y.npy', npy([1], 1)],
      ],
      'x.npy TOO_MANY_PIXELS',
    ],
    [
      'idx with sides of nothing',
      [
        ['train-images', idxOf([2 ** 32 - 1, 0, 28], new Uint8Array())],
        ['train-labels', idxOf([1], Uint8Array.of(1))],
      ],
      'train-images DAMAGED',
    ],
    [
      'idx with more bytes than a file can have',
      [
        ['train-images', idxOf([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(99))],
        ['train-labels', idxOf([1], Uint8Array.of(1))],
      ],
      'train-images DAMAGED',
    ],
  ])(
    'that cannot be are refused: %s',
    async (_, entries, issue) => {
      expect((await ending(tar(entries))).told).toBe(`DATASET_INVALID ${issue}`)
    },
    60_000,
  )

  it('are quoted in messages that can be stored, whatever bytes they hold', async () => {
    const file = npy([2, 8, 8], 128)
    file.fill(0, 20, 40)
    file.write('\ud83d', 30, 'utf8')
    const found = await ending(tar([['x.npy', file], [...labels]]))
    expect(found).toMatchObject({
      told: 'DATASET_INVALID x.npy DAMAGED',
      message: expect.stringContaining('\ufffd') as string,
    })
  })

  it('for few large pictures in Fortran order take about as long as in C order', async () => {
    const time = async (fortran: boolean) => {
      const start = performance.now()
      expect(
        (
          await ending(
            tar([
              ['x.npy', npyOf({ type: '|u1', shape: [6, 1200, 1200], values: noise(1, 6 * 1200 * 1200), fortran })],
              ['y.npy', npyOf({ type: '|u1', shape: [6], values: Uint8Array.of(0, 0, 0, 1, 1, 1) })],
            ]),
          )
        ).told,
      ).toBe('null')
      return (performance.now() - start) / 1000
    }
    // Byte by byte it is a million and a half of reads, half a minute.
    expect(await time(true)).toBeLessThan(5 + 10 * (await time(false)))
  }, 120_000)

  it('in Fortran order give every picture its own bytes, however many parts they are read in', async () => {
    await using place = await workplace()
    const [count, side] = [3000, 80]
    const rows = Uint8Array.from(
      { length: count * side * side },
      (_, i) => (Math.floor(i / (side * side)) * 7 + (i % 251)) & 255,
    )
    const columns = new Uint8Array(rows.length)
    // Element (i, y, x) of C order lies in Fortran's at i + count * (y + side * x).
    for (let i = 0; i < count; i++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) columns[i + count * (y + side * x)] = rows[(i * side + y) * side + x]!
    const y = npyOf({
      type: '<u2',
      shape: [count],
      values: Buffer.from(Uint16Array.from({ length: count }, (_, i) => i % 2).buffer),
    })
    const [c, fortran] = [
      await place.prepare(
        tar([
          ['x.npy', npyOf({ type: '|u1', shape: [count, side, side], values: rows })],
          ['y.npy', y],
        ]),
      ),
      await place.prepare(
        tar([
          ['x.npy', npyOf({ type: '|u1', shape: [count, side, side], values: columns, fortran: true })],
          ['y.npy', y],
        ]),
      ),
    ]
    expect(fortran.manifest.versionId).toBe(c.manifest.versionId)
  }, 180_000)
})

describe('Parquet', () => {
  const schema: Fields[] = [
    [
      [4, { text: 'schema' }],
      [5, { i32: 1 }],
    ],
    [
      [1, { i32: 6 }],
      [3, { i32: 0 }],
      [4, { text: 'image' }],
    ],
  ]
  const page = (content: Uint8Array, { unpacked = content.length, count = 1, encoding = 0, type = 0 }) =>
    Buffer.concat([
      structOf([
        [1, { i32: type }],
        [2, { i32: unpacked }],
        [3, { i32: content.length }],
        type === 2
          ? [
              7,
              {
                struct: [
                  [1, { i32: count }],
                  [2, { i32: 0 }],
                ],
              },
            ]
          : [
              5,
              {
                struct: [
                  [1, { i32: count }],
                  [2, { i32: encoding }],
                  [3, { i32: 3 }],
                  [4, { i32: 3 }],
                ],
              },
            ],
      ]),
      content,
    ])
  const file = (pages: Buffer, { rows = 1, codec = 0, elements = schema, groups = 1 }) => {
    const chunk: Fields = [
      [2, { i32: 4 }],
      [
        3,
        {
          struct: [
            [1, { i32: 6 }],
            [3, { texts: ['image'] }],
            [4, { i32: codec }],
            [5, { i32: rows }],
            [7, { i32: pages.length }],
            [9, { i32: 4 }],
          ],
        },
      ],
    ]
    const group: Fields = [
      [1, { structs: [chunk] }],
      [2, { i32: pages.length }],
      [3, { i32: rows }],
    ]
    return closed(
      pages,
      structOf([
        [1, { i32: 1 }],
        [2, { structs: elements }],
        [3, { i32: rows }],
        [4, { structs: Array(groups).fill(group) as Fields[] }],
      ]),
    )
  }
  const closed = (pages: Buffer, footer: Buffer) =>
    Buffer.concat([Buffer.from('PAR1'), pages, footer, u32(footer.length), Buffer.from('PAR1')])
  const value = (bytes: Uint8Array) => Buffer.concat([u32(bytes.length), bytes])
  const varint = (number: number): Buffer =>
    number < 128
      ? Buffer.from([number])
      : Buffer.concat([Buffer.from([(number & 127) | 128]), varint(Math.floor(number / 128))])
  const dictionary = page(value(png(1)), { type: 2 })
  const picture = Buffer.concat([png(1), noise(1, 2 ** 20)])
  // 0x19: field 1, a list; 0xf9: more than 14 lists, as many as the number behind it says.
  const listsInLists = Buffer.concat([
    Buffer.from([0x19]),
    ...Array.from({ length: 100 }, () => Buffer.from([0xf9, 0xff, 0xff, 0xff, 0x0e])),
    Buffer.alloc(200),
  ])

  it.each<[string, Buffer, string, RegExp]>([
    [
      'whose schema claims 2^31 children',
      file(page(value(png(1)), {}), {
        elements: [
          [
            [4, { text: 'schema' }],
            [5, { i32: 2 ** 31 - 1 }],
          ],
          schema[1]!,
        ],
      }),
      'DAMAGED',
      /2147483647 columns; 2 are there/,
    ],
    [
      'whose schema is a tower',
      file(page(value(png(1)), {}), {
        elements: Array.from({ length: 5000 }, (): Fields => [
          [4, { text: 'x' }],
          [5, { i32: 1 }],
        ]),
      }),
      'DAMAGED',
      /nested more than 32 deep/,
    ],
    [
      'whose description holds lists that claim millions',
      closed(Buffer.alloc(0), listsInLists),
      'DAMAGED',
      /description/,
    ],
    [
      'whose description is nested deeply',
      closed(Buffer.alloc(0), Buffer.alloc(200_000, 0x1c)),
      'DAMAGED',
      /nested more than 24 deep/,
    ],
    [
      'whose description has millions of values',
      closed(Buffer.alloc(0), Buffer.concat([Buffer.from([0x19, 0xfc]), varint(2_000_000), Buffer.alloc(2_000_001)])),
      'DAMAGED',
      /more than 1000000 values/,
    ],
    [
      'whose description would be larger than is read',
      Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(17 * 2 ** 20), u32(17 * 2 ** 20), Buffer.from('PAR1')]),
      'DAMAGED',
      /at most 16777216 are read/,
    ],
    [
      'with a run of a thousand million values in five bytes',
      file(
        Buffer.concat([
          dictionary,
          page(Buffer.concat([Buffer.from([1]), varint(2 ** 31 - 2), Buffer.from([0])]), {
            count: 2 ** 30,
            encoding: 8,
          }),
        ]),
        { rows: 2 },
      ),
      'DAMAGED',
      /would have 1073741824 values/,
    ],
    [
      'with a page of Snappy that runs backwards',
      file(page(Buffer.from([100, 0xfc, 0xf0, 0xff, 0xff, 0xff, 1, 2, 3, 4]), { unpacked: 100 }), { codec: 1 }),
      'DAMAGED',
      /Snappy is damaged/,
    ],
    [
      'with a page of Snappy that claims two gigabytes',
      file(page(Buffer.concat([varint(2 ** 31 - 1), Buffer.from([0, 1])]), { unpacked: 2 ** 31 - 1 }), { codec: 1 }),
      'DAMAGED',
      /2147483647 bytes, at most 209715200/,
    ],
    [
      'with places that the dictionary does not have',
      file(Buffer.concat([dictionary, page(Buffer.from([8, 2, 200]), { encoding: 8 })]), {}),
      'DAMAGED',
      /does not have/,
    ],
    [
      'with a dictionary of more values than bits',
      file(
        Buffer.concat([
          page(value(png(1)), { type: 2, count: 2 ** 31 - 1 }),
          page(Buffer.from([1, 2, 0]), { encoding: 8 }),
        ]),
        {},
      ),
      'DAMAGED',
      /dictionary would have/,
    ],
    [
      'that unpack without end',
      file(page(brotliCompressSync(Buffer.alloc(100 * 2 ** 20)), { unpacked: 100 * 2 ** 20 }), { codec: 4 }),
      'DAMAGED',
      /more than 250 times its size/,
    ],
    [
      'with one picture for everybody',
      file(
        Buffer.concat([
          page(value(picture), { type: 2 }),
          page(Buffer.concat([Buffer.from([1]), varint(2 * 20_000), Buffer.from([0])]), { count: 20_000, encoding: 8 }),
        ]),
        { rows: 20_000 },
      ),
      'ARCHIVE_UNSAFE',
      /more than 250 times its size/,
    ],
    [
      'with row groups that are one',
      file(page(value(Buffer.alloc(2 ** 20)), {}), { groups: 5000 }),
      'DAMAGED',
      /more than 250 times/,
    ],
  ])(
    '%s is refused',
    async (_, content, code, message) => {
      const found = await ending(content)
      expect(found.told).toBe(code === 'DAMAGED' ? 'DATASET_INVALID archive DAMAGED' : 'ARCHIVE_UNSAFE')
      expect(found.message).toMatch(message)
    },
    120_000,
  )

  it('with more rows than the limit of images is refused before the rows are read', async () => {
    expect(await ending(file(page(value(png(1)), {}), { rows: 2 ** 40 }))).toEqual({
      told: 'DATASET_TOO_LARGE',
      message: 'the upload has 1099511627776 rows; the limit maxImages is 20000',
    })
  })

  it('with features that are nested deeply is refused', async () => {
    const nested = structOf([
      [1, { i32: 1 }],
      [2, { structs: schema }],
      [3, { i32: 0 }],
      [
        5,
        {
          structs: [
            [
              [1, { text: 'huggingface' }],
              [2, { text: '['.repeat(3_000_000) }],
            ],
          ],
        },
      ],
    ])
    expect(await ending(closed(Buffer.alloc(0), nested))).toMatchObject({
      told: 'DATASET_INVALID archive DAMAGED',
      message: expect.stringContaining('nested more than 64 deep') as string,
    })
  })
})

describe('stored evaluation sets', () => {
  const labels = npyOf({ type: '|u1', shape: [5], values: new Uint8Array(5) })
  const pictures = (seed: number) => npyOf({ type: '|u1', shape: [5, 8, 8, 3], values: noise(seed, 960) })
  const classes = Buffer.from('ant\nbee\n')
  it('report at most a thousand unknown names', async () => {
    const found = await ending(
      tar([
        ['labels.npy', labels],
        ['fog.npy', pictures(1)],
        ...Array.from({ length: 20_000 }, (_, i): Entries[number] => [`${i}.npy`, labels]),
      ]),
    )
    expect(found.told).toBe('DATASET_INVALID 0.npy UNKNOWN_CORRUPTION')
    expect(found.message.length).toBeLessThan(1000)
  }, 60_000)

  it('need each corruption once, and labels that can be read', async () => {
    expect(
      (
        await ending(
          tar([
            ['labels.npy', labels],
            ['classes.txt', classes],
            ['a/fog.npy', pictures(1)],
            ['b/fog.npy', pictures(2)],
          ]),
        )
      ).told,
    ).toBe('DATASET_INVALID b/fog.npy CORRUPTION_TWICE')
    expect(
      (
        await ending(
          tar([
            ['labels.npy', npyOf({ type: '|u1', shape: [90_000_000], values: new Uint8Array(90_000_000) })],
            ['classes.txt', classes],
            ['fog.npy', pictures(1)],
          ]),
        )
      ).told,
    ).toBe('DATASET_INVALID labels.npy FILE_TOO_LARGE')
    // Its checksum in the zip is wrong: whoever reads it must say so.
    const zip = zipped(
      [
        ['labels.npy', labels],
        ['classes.txt', classes],
        ['fog.npy', pictures(1)],
      ],
      0,
    )
    zip[zip.indexOf('NUMPY') + 130]! ^= 1
    expect((await ending(zip)).told).toBe('DATASET_INVALID labels.npy NPY')
  }, 60_000)
})

describe('many packed files', () => {
  const labels = gzipSync(idxOf([3], Uint8Array.of(0, 1, 2)))
  const packed: Entries = [
    ['train-images.gz', gzipSync(idxOf([3, 8, 8], noise(1, 192)), { level: 0 })],
    ...Array.from({ length: 1900 }, (_, i): Entries[number] => [`y${i}-labels.gz`, labels]),
  ]

  it('need few open files', async () => {
    await using place = await workplace()
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, openFiles())
    }, 5)
    const failure = await failureOf(place.prepare(tar(packed)))
    clearInterval(watch)
    expect(failure.issues).toMatchObject([{ code: 'PART_TWICE' }])
    expect(most).toBeGreaterThan(0)
    expect(most - before).toBeLessThan(20)
    expect(openFiles()).toBeLessThanOrEqual(before)
  }, 120_000)

  it('are refused if there are more than two thousand', async () => {
    const found = await ending(
      tar([...packed, ...Array.from({ length: 200 }, (_, i): Entries[number] => [`z${i}-labels.gz`, labels])]),
    )
    expect(found.told).toBe('DATASET_INVALID train-images TOO_MANY_FILES')
    expect(found.message).toMatch(/at most 2000 files/)
  }, 60_000)

  it('that together unpack to more than 500 times the upload are refused as a bomb, although no single one is', async () => {
    const bomb = gzipSync(Buffer.concat([idxOf([60 * 2 ** 20], new Uint8Array()), Buffer.alloc(60 * 2 ** 20)]), {
      level: 9,
    })
    const found = await ending(
      tar(Array.from({ length: 10 }, (_, i): Entries[number] => [`${i}-labels.gz`, bomb])),
      20 * 2 ** 20,
    )
    expect(found).toEqual({
      told: 'ARCHIVE_UNSAFE',
      message: 'the files within the upload unpack to more than 500 times its size: a decompression bomb',
    })
  }, 120_000)

  it('of which one is cut off are refused, and that one is named', async () => {
    await using place = await workplace()
    const failure = await failureOf(
      place.prepare(
        await tarOf([
          ['train-images.gz', packed[0]![1]],
          ['train-labels.gz', labels.subarray(0, 20)],
        ]),
      ),
    )
    expect(failure.issues).toMatchObject([{ path: 'train-labels.gz', code: 'DAMAGED' }])
  })
})
