import fc from 'fast-check'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import type { Issue, NoteCode, PrepareOptionsInput } from '@imclr/contract'
import { loadSplit } from '@imclr/trainer/input/testing'
import { failureOf, noisePng, outputPrefix, workplace, zipOf } from './uploads.js'
import type { Entries, Prepared } from './uploads.js'

const picture = (seed: number) => noisePng(seed, 8)
/** `img/0.png` and so on, or other names. */
const pictures = (count = 8, name = (i: number) => `img/${i}.png`): Entries =>
  Array.from({ length: count }, (_, i) => [name(i), picture(i)])
const both = (line: (i: number, label: string) => string, count = 8) =>
  Array.from({ length: count }, (_, i) => line(i, i % 2 === 0 ? 'cat' : 'dog'))
const table = (header: string, rows: string[], end = '\n') => [header, ...rows, ''].join(end)

/** What each picture became: `train cat`, or `cat` alone where the test part was cut by us. */
async function readingOf({ store, manifest }: Prepared): Promise<Record<string, string>> {
  const labels = Object.fromEntries(
    await Promise.all(
      (['train', 'validation', 'test', 'unlabelled'] as const).map(
        async (split) => [split, (await loadSplit({ store, prefix: outputPrefix, manifest, split })).labels] as const,
      ),
    ),
  )
  const lines = Buffer.from(await store.read(outputPrefix + manifest.index.path))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { split: string; position: number; path: string })
  const said = lines.map(
    ({ split, position, path }) =>
      [
        path,
        [
          manifest.testWasGiven || split === 'unlabelled' ? split : '',
          split === 'unlabelled' ? '' : manifest.classes[labels[split]![position]!],
        ]
          .join(' ')
          .trim(),
      ] as const,
  )
  return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function prepared(entries: Entries, options: PrepareOptionsInput = {}) {
  await using place = await workplace()
  const result = await place.prepare(await zipOf(entries), options)
  const notes = Object.fromEntries(
    result.manifest.notes.map(({ code, count, examples }) => [code, { count, examples }]),
  ) as Partial<Record<NoteCode, { count: number; examples: string[] }>>
  return { manifest: result.manifest, reading: await readingOf(result), notes }
}

async function refused(
  entries: Entries,
  options: PrepareOptionsInput = {},
  limits: { maxImages?: number } = {},
): Promise<Issue[]> {
  await using place = await workplace()
  const failure = await failureOf(place.prepare(await zipOf(entries), options, limits))
  expect(failure.code).toBe('DATASET_INVALID')
  for (const { message, fix } of failure.issues)
    expect([message, fix]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)])
  return failure.issues
}
const short = (issues: Issue[]) => issues.map(({ path, code }) => `${path} ${code}`)

const catsAndDogs = Object.fromEntries(
  both((i, label) => `img/${i}.png ${label}`).map((line) => line.split(' ') as [string, string]),
)
const rows = both((i, label) => `img/${i}.png,${label}`)

describe('tables as programs write them', () => {
  const dialects: { name: string; bytes: Buffer; said?: RegExp }[] = [
    { name: 'commas', bytes: Buffer.from(table('path,label', rows)) },
    {
      name: 'semicolons, a mark and CRLF, as Excel in most of Europe',
      bytes: Buffer.from(
        `\ufeff${table(
          'path;label',
          rows.map((row) => row.replace(',', ';')),
          '\r\n',
        )}`,
      ),
      said: /labels.csv: semicolons/,
    },
    {
      name: 'tabs',
      bytes: Buffer.from(
        table(
          'path\tlabel',
          rows.map((row) => row.replace(',', '\t')),
        ),
      ),
      said: /labels.csv: tabs/,
    },
    {
      name: 'bars',
      bytes: Buffer.from(
        table(
          'path|label',
          rows.map((row) => row.replace(',', '|')),
        ),
      ),
      said: /labels.csv: bars/,
    },
    { name: 'carriage returns alone', bytes: Buffer.from(table('path,label', rows, '\r')) },
    {
      name: 'a first line that names the separator',
      bytes: Buffer.from(
        `sep=;\r\n${table(
          'path;label',
          rows.map((row) => row.replace(',', ';')),
          '\r\n',
        )}`,
      ),
      said: /semicolons/,
    },
    {
      name: 'UTF-16 with tabs, as Excel writes Unicode text',
      bytes: iconv.encode(
        table(
          'path\tlabel',
          rows.map((row) => row.replace(',', '\t')),
          '\r\n',
        ),
        'utf-16le',
        { addBOM: true },
      ),
      said: /utf-16le/,
    },
    {
      name: 'UTF-16 with the high byte first',
      bytes: iconv.encode(table('path,label', rows), 'utf-16be', { addBOM: true }),
      said: /utf-16be/,
    },
    {
      name: 'quotes everywhere',
      bytes: Buffer.from(
        table(
          '"path","label"',
          rows.map((row) =>
            row
              .split(',')
              .map((field) => `"${field}"`)
              .join(','),
          ),
        ),
      ),
    },
    {
      name: 'trailing empty columns',
      bytes: Buffer.from(
        table(
          'path,label,,',
          rows.map((row) => `${row},,`),
        ),
      ),
    },
    {
      name: "pandas's numbers of rows",
      bytes: Buffer.from(
        table(
          ',path,label',
          rows.map((row, i) => `${i},${row}`),
        ),
      ),
    },
  ]
  it.each(dialects)('are read: $name', async ({ bytes, said }) => {
    const { manifest, reading, notes } = await prepared([['labels.csv', bytes], ...pictures()])
    expect([manifest.format, reading]).toEqual(['labels.csv in zip', catsAndDogs])
    expect(notes.TABLE_READ?.examples.join('\n') ?? '').toMatch(said ?? /^$/)
  })

  it.each([
    'File Name;CLASS',
    ' filename ;Category',
    'image;target',
    'img_path;labels',
    'Image;label',
    'Filepaths;labels',
    'file_name;species',
  ])('have columns of many names, and the note says which were taken: %s', async (header) => {
    const { reading, notes } = await prepared([
      [
        'labels.csv',
        table(
          header,
          rows.map((row) => row.replace(',', ';')),
        ),
      ],
      ...pictures(),
    ])
    expect(reading).toEqual(catsAndDogs)
    const [path = '', label = ''] = header.split(';').map((name) => name.trim())
    expect(notes.TABLE_READ!.examples.join()).toContain(`files by ${path}`)
    if (label !== 'label') expect(notes.TABLE_READ!.examples.join()).toContain(`labels by ${label}`)
  })

  it('have ids without an ending', async () => {
    const { reading, notes } = await prepared([
      [
        'labels.csv',
        table(
          'id,breed',
          both((i, label) => `000bec1${i},${label}`),
        ),
      ],
      ...pictures(8, (i) => `train/000bec1${i}.png`),
    ])
    expect(reading['train/000bec18.png'] ?? reading['train/000bec11.png']).toBe('dog')
    expect([notes.TABLE_PATHS?.count, notes.TABLE_PATHS?.examples[0]]).toEqual([8, '000bec10 -> train/000bec10.png'])
    expect(notes.TABLE_READ!.examples[0]).toContain('labels by breed, the only other column')
    expect(
      short(
        await refused([
          [
            'labels.csv',
            table(
              'id,label',
              both((i, label) => `${i},${label}`),
            ),
          ],
          ...pictures(),
          ['img/3.jpg', picture(9)],
        ]),
      ),
    ).toEqual(['labels.csv:5 AMBIGUOUS_PATH'])
  })

  it('note which of two columns was taken, and are refused if the two contradict each other', async () => {
    const { manifest, notes } = await prepared([
      [
        'labels.csv',
        table(
          'id,path,label,class,width',
          both((i, label) => `${i},img/${i}.png,${label},${label === 'cat' ? 0 : 1},8`),
        ),
      ],
      ...pictures(),
    ])
    expect(manifest.classes).toEqual(['cat', 'dog'])
    expect(notes.TABLE_READ!.examples).toEqual(['labels.csv: not by id, class; column not read: width'])
    expect(
      short(
        await refused([
          [
            'labels.csv',
            table(
              'path,label,class',
              both((i, label) => `img/${i}.png,${label},${i === 3 ? 'cat' : label}`),
            ),
          ],
          ...pictures(),
        ]),
      ),
    ).toEqual(['labels.csv:5 COLUMNS_CONTRADICT'])
    expect(
      short(
        await refused([
          [
            'labels.csv',
            table(
              'path,label,Label',
              both((i, label) => `img/${i}.png,${label},x`),
            ),
          ],
          ...pictures(),
        ]),
      ),
    ).toEqual(['labels.csv LABELS_UNREADABLE'])
  })

  it('are refused with the header that was found, the columns that are needed, and similar names', async () => {
    const [issue] = await refused([['labels.csv', table('path,lable', rows)], ...pictures()])
    expect(issue).toMatchObject({
      path: 'labels.csv',
      code: 'LABELS_UNREADABLE',
      message: expect.stringMatching(/"path, lable".*did you mean label by lable\?.*file_name.*category/s) as string,
    })
    const [none] = await refused([['labels.csv', table('a,b,c', rows)], ...pictures()])
    expect(none!.message).toMatch(/"a, b, c": neither the files nor their classes have a column/)
    const [bare] = await refused([
      ['set/labels.csv', rows.map((row) => row.replace(',', ';')).join('\n')],
      ...pictures(8, (i) => `set/img/${i}.png`),
    ])
    expect(bare).toMatchObject({
      message: expect.stringContaining('a header is missing') as string,
      fix: expect.stringMatching(/: path;label$/) as string,
    })
  })

  it('are refused if rows differ in length, with the line of each such row', async () => {
    const issues = await refused([
      [
        'labels.csv',
        table('path,label', [...rows.slice(0, 4), 'img/4.png,cat,2', 'img/5.png', 'img/6.png;cat', 'img/7.png,dog,,']),
      ],
      ...pictures(),
    ])
    expect(issues.map(({ path, code, message }) => `${path} ${code} ${message}`)).toEqual([
      'labels.csv:6 ROW_LENGTH the row has 3 fields, the header has 2',
      'labels.csv:7 ROW_LENGTH the row has 1 field, the header has 2',
      'labels.csv:8 ROW_LENGTH the row has 1 field, the header has 2: it has semicolons where the header has commas',
    ])
  })

  it('are refused if they name a file twice', async () => {
    const issues = await refused([
      ['labels.csv', table('path,label', [...rows, 'img/1.png,dog', 'img/2.png,dog'])],
      ...pictures(),
    ])
    expect(issues.map(({ path, code, message }) => `${path} ${code} ${message}`)).toEqual([
      'labels.csv:10 ROW_TWICE img/1.png was named by line 3 already',
      'labels.csv:11 ROW_TWICE img/2.png has the label "dog" here and "cat" in line 4',
    ])
  })

  it('keep labels apart that differ only by case, space or Unicode form, with a note', async () => {
    const labels = ['Cat', 'cat', 'big cat', 'bigcat', 'caf\u00e9', 'cafe\u0301']
    const { manifest, notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label',
          Array.from({ length: 18 }, (_, i) => `img/${i}.png, ${labels[i % 6]} `),
        ),
      ],
      ...pictures(18),
    ])
    expect(manifest.classes).toEqual(['Cat', 'big cat', 'bigcat', 'caf\u00e9', 'cat'])
    expect(notes.LABELS_DIFFER_BY_FORM).toEqual({ count: 2, examples: ['"Cat", "cat"', '"big cat", "bigcat"'] })
    expect(notes.RENAMED_UNICODE?.count).toBe(3)
  })
})

describe('encodings of tables', () => {
  const written = (a: string, b: string, encoding: string): Buffer =>
    iconv.encode(
      table(
        'path,label',
        Array.from({ length: 8 }, (_, i) => `img/${i}.png,${i % 2 === 0 ? a : b}`),
        '\r\n',
      ),
      encoding,
    )

  it.each([
    ['shift_jis', '猫の写真です', '犬の写真です'],
    ['windows-1252', 'pêche à la crème', 'pèche brûlée'],
    ['utf-16le', '猫', '犬'],
  ])('%s is refused with its line, and read where it is given', async (encoding, a, b) => {
    const upload: Entries = [['labels.csv', written(a, b, encoding)], ...pictures()]
    const [issue, ...more] = await refused(upload)
    expect([issue, more]).toMatchObject([
      {
        path: encoding === 'utf-16le' ? 'labels.csv:1' : 'labels.csv:2',
        code: 'TABLE_ENCODING',
        fix: expect.stringMatching(/\{ encoding: '[\w-]+' \}/) as string,
      },
      [],
    ])
    const { manifest, notes } = await prepared(upload, { encoding })
    expect(manifest.classes).toEqual([a, b].sort())
    expect(notes.ENCODING).toEqual({ count: 1, examples: [`labels.csv: ${encoding}`] })
  })

  it('are refused with a guess at the encoding if they are not UTF-8', async () => {
    const [issue] = await refused([['labels.csv', written('猫の写真です', '犬の写真です', 'shift_jis')], ...pictures()])
    expect(issue!.fix).toContain("{ encoding: 'shift_jis' }")
  })

  it('that are not the given one are refused with the line, even far into the table', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => `img/${i % 8}.png,${'猫'.repeat(30)}`)
    const bytes = Buffer.concat([
      iconv.encode(table('path,label', many), 'shift_jis'),
      Buffer.from('img/1.png,\xff\xff\n', 'latin1'),
    ])
    expect(bytes.length).toBeGreaterThan(2 ** 21)
    expect(
      short(await refused([['labels.csv', bytes], ...pictures()], { encoding: 'shift_jis', onProblem: 'skip' })),
    ).toEqual(['labels.csv:40002 TABLE_ENCODING'])
  })
})

describe('paths in tables', () => {
  const paths: { name: string; written: (i: number) => string; file?: (i: number) => string; noted?: string }[] = [
    { name: 'backslashes', written: (i) => `img\\${i}.png`, noted: 'img\\0.png -> img/0.png' },
    {
      name: 'a Windows path',
      written: (i) => `C:\\Users\\me\\set\\img\\${i}.png`,
      noted: 'C:\\Users\\me\\set\\img\\0.png -> img/0.png',
    },
    { name: 'an absolute path', written: (i) => `/home/me/img/${i}.png`, noted: '/home/me/img/0.png -> img/0.png' },
    {
      name: 'an address of a file',
      written: (i) => `file:///home/my%20pets/img/a%20${i}.png`,
      file: (i) => `img/a ${i}.png`,
      noted: 'file:///home/my%20pets/img/a%200.png -> img/a 0.png',
    },
    {
      name: 'a folder around, in the paths',
      written: (i) => `pets/img/${i}.png`,
      noted: 'pets/img/0.png -> img/0.png',
    },
    { name: 'only the name', written: (i) => `${i}.png`, noted: '0.png -> img/0.png' },
    {
      name: 'only the name, of files in many folders',
      written: (i) => `${i}.png`,
      file: (i) => `part${i % 3}/${i}.png`,
      noted: '0.png -> part0/0.png',
    },
    { name: 'capitals', written: (i) => `IMG/${i}.PNG`, noted: 'IMG/0.PNG -> img/0.png' },
    { name: 'another Unicode form', written: (i) => `cafe\u0301/${i}.png`, file: (i) => `caf\u00e9/${i}.png` },
    { name: 'a dot', written: (i) => `./img/${i}.png` },
  ]
  it.each(paths)('are found: $name', async ({ written, file = (i: number) => `img/${i}.png`, noted }) => {
    const { reading, notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label',
          both((i, label) => `${written(i)},${label}`),
        ),
      ],
      ...pictures(8, file),
    ])
    expect(reading).toEqual(
      Object.fromEntries(both((i, label) => `${file(i)}|${label}`).map((line) => line.split('|') as [string, string])),
    )
    expect(notes.TABLE_PATHS?.examples[0]).toBe(noted)
    if (noted !== undefined) expect(notes.TABLE_PATHS!.count).toBe(8)
  })

  it('are found if the table is in another folder, and if they include folders outside of the archive', async () => {
    const apart = await prepared([
      [
        'set/annotations/labels.csv',
        table(
          'path,label',
          both((i, label) => `../img/${i}.png,${label}`),
        ),
      ],
      ...pictures(8, (i) => `set/img/${i}.png`),
    ])
    expect(apart.manifest.classes).toEqual(['cat', 'dog'])
    const around = await prepared([
      [
        'a/labels.csv',
        table(
          'path,label',
          both((i, label) => `D:\\b\\img\\${i}.png,${label}`),
        ),
      ],
      ...pictures(8, (i) => `a/img/${i}.png`),
    ])
    expect(around.notes.TABLE_PATHS!.examples[0]).toBe('D:\\b\\img\\0.png -> a/img/0.png')
  })

  it('that match two files are refused with both names, and those that match none with similar names', async () => {
    const issues = await refused([
      [
        'labels.csv',
        table('path,label', [
          ...rows.slice(2),
          '0.png,cat',
          'img/1.jpg,dog',
          'img/pup.pgn,dog',
          'imgs/kit.png,cat',
          'img/99.png,cat',
        ]),
      ],
      ...pictures(),
      ['other/0.png', picture(20)],
      ['img/pup.png', picture(21)],
      ['img/kit.png', picture(22)],
    ])
    expect(issues.map(({ path, code, message }) => `${path} ${code} ${message}`)).toEqual([
      'labels.csv:10 FILE_MISSING img/pup.pgn is not in the archive; did you mean img/pup.png?',
      'labels.csv:11 FILE_MISSING imgs/kit.png is not in the archive; did you mean img/kit.png?',
      'labels.csv:12 FILE_MISSING img/99.png is not in the archive',
      'labels.csv:8 AMBIGUOUS_PATH 0.png can be img/0.png or other/0.png',
      'labels.csv:9 FILE_MISSING img/1.jpg is not in the archive; did you mean img/1.png?',
    ])
    expect(
      short(
        await refused([
          [
            'labels.csv',
            table(
              'path,label',
              both((i, label) => `IMG/${i}.png,${label}`),
            ),
          ],
          ...pictures(),
          ['Img/0.png', picture(30)],
        ]),
      ),
    ).toEqual(['labels.csv:2 AMBIGUOUS_PATH'])
  })

  it('that are all wrong are one problem, with an example of a path in the table and in the archive', async () => {
    const issues = await refused([
      [
        'labels.csv',
        table(
          'file;label',
          Array.from({ length: 2000 }, (_, i) => `photos/x${i}.png;cat`),
        ),
      ],
      ...pictures(),
    ])
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({
      path: 'labels.csv:2',
      code: 'PATHS_DO_NOT_MATCH',
      message: expect.stringMatching(/^none of 1000 paths .*"photos\/x0.png".*"img\/0.png".*"file, label"/) as string,
    })
  })

  it('leave out pictures that no row names; other files are ignored and counted', async () => {
    const beside: Entries = [
      ['README.md', 'x'],
      ['LICENSE', 'x'],
      ['img/0.xml', '<a/>'],
      ['notes.txt', 'x'],
      ['extra.csv', 'a,b\n1,2\n'],
    ]
    expect(
      short(await refused([['labels.csv', table('path,label', rows.slice(1))], ...pictures(), ...beside])),
    ).toEqual(['img/0.png NOT_IN_TABLE'])
    const { notes } = await prepared([['labels.csv', table('path,label', rows)], ...pictures(), ...beside])
    expect(notes.IGNORED_DOCUMENT?.count).toBe(5)
  })
})

describe('splits in tables', () => {
  const words = ['TRAIN', 'Training', 'train', 'dev', 'Test', 'PublicTest', 'unlabeled', '']
  it('may have any of the known names, in upper or lower case, in columns of several names', async () => {
    for (const name of ['split', 'Usage', 'subset', 'set', 'part']) {
      const { manifest } = await prepared(
        [
          [
            'labels.csv',
            table(
              `path,label,${name}`,
              both((i, label) => `img/${i}.png,${label},${words[i % 8]}`, 32),
            ),
          ],
          ...pictures(32),
        ],
        { nearDuplicates: 'report' },
      )
      expect([
        manifest.splits.train.count,
        manifest.splits.validation.count,
        manifest.splits.test.count,
        manifest.splits.unlabelled.count,
      ]).toEqual([16, 4, 8, 4])
    }
  })

  it('are reported if they are unknown; a column of such a name with other content is no split', async () => {
    const issues = await refused([
      [
        'labels.csv',
        table(
          'path,label,split',
          both((i, label) => `img/${i}.png,${label},${['train', 'test', '0', 'x'][i >> 1]}`),
        ),
      ],
      ...pictures(),
    ])
    expect(short(issues)).toEqual(
      expect.arrayContaining([
        'labels.csv:6 UNKNOWN_SPLIT',
        'labels.csv:7 UNKNOWN_SPLIT',
        'labels.csv:8 UNKNOWN_SPLIT',
        'labels.csv:9 UNKNOWN_SPLIT',
      ]),
    )
    expect(issues.find(({ code }) => code === 'UNKNOWN_SPLIT')!.fix).toContain(
      'train, test, validation (or val) or unlabelled',
    )
    const { notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label,part',
          both((i, label) => `img/${i}.png,${label},leaf`),
        ),
      ],
      ...pictures(),
    ])
    expect(notes.TABLE_READ!.examples).toContain('labels.csv: the column part names no splits and was not read')
  })

  it('use the validation part as the test part if there is no other, with a note', async () => {
    const { manifest, notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label,split',
          both((i, label) => `img/${i}.png,${label},${i < 4 ? 'train' : 'val'}`),
        ),
      ],
      ...pictures(),
    ])
    expect([manifest.splits.test.count, manifest.testWasGiven, notes.VALIDATION_IS_TEST?.examples]).toEqual([
      4,
      true,
      ['validation (4 rows)'],
    ])
  })

  it('come from the folders of the files where the table has none', async () => {
    const { reading, notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label',
          both((i, label) => `${i < 4 ? 'train' : 'test'}/${i}.png,${label}`),
        ),
      ],
      ...pictures(8, (i) => `${i < 4 ? 'train' : 'test'}/${i}.png`),
    ])
    expect([reading['train/0.png'], reading['test/5.png']]).toEqual(['train cat', 'test dog'])
    expect(notes.TAKEN_FOR_SPLIT?.count).toBe(2)
  })
})

describe('which files are tables', () => {
  const part = (from: number, to: number, line = (i: number, label: string) => `img/${i}.png,${label}`) =>
    table('path,label', both(line).slice(from, to))

  it('is decided by ending and header, whatever their names', async () => {
    for (const name of [
      'labels.tsv',
      'metadata.csv',
      'data.csv',
      'Annotations.CSV',
      'labels.txt',
      'set/deep/labels.csv',
    ]) {
      const { reading } = await prepared([
        [
          name,
          name.endsWith('.tsv')
            ? table(
                'path\tlabel',
                rows.map((row) => row.replace(',', '\t')),
              )
            : part(0, 8),
        ],
        ...pictures(),
      ])
      expect(reading).toEqual(catsAndDogs)
    }
  })

  it('tables of several parts are read together', async () => {
    const { reading, manifest } = await prepared([
      ['train.csv', part(0, 4)],
      ['val.csv', part(4, 6)],
      ['Test_set.csv', part(6, 8)],
      ['sample_submission.csv', part(0, 8)],
      ...pictures(),
    ])
    expect(Object.values(reading)).toEqual([
      'train cat',
      'train dog',
      'train cat',
      'train dog',
      'validation cat',
      'validation dog',
      'test cat',
      'test dog',
    ])
    expect(manifest.format).toBe('labels.csv in zip')
  })

  it("a competition's test table without labels gives unlabelled pictures", async () => {
    const { reading, notes } = await prepared([
      [
        'train.csv',
        table(
          'id,label',
          both((i, label) => `${i},${label}`, 6),
        ),
      ],
      ['test.csv', 'id\n6\n7\n'],
      ...pictures(8, (i) => `${i < 6 ? 'train' : 'test'}_images/${i}.png`),
    ])
    expect([reading['train_images/0.png'], reading['test_images/7.png']]).toEqual(['cat', 'unlabelled'])
    expect(notes.TEST_PART_UNLABELLED?.count).toBe(2)
    const folder = await prepared([
      [
        'labels.csv',
        table(
          'id,breed',
          both((i, label) => `${i},${label}`, 6),
        ),
      ],
      ...pictures(8, (i) => `${i < 6 ? 'train' : 'test'}/${i}.png`),
    ])
    expect([folder.reading['test/7.png'], folder.notes.TEST_PART_UNLABELLED?.count]).toEqual(['unlabelled', 2])
  })

  it('tables in the folders of splits are read, with paths relative to each', async () => {
    const of = (folder: string, from: number, to: number) =>
      both((i, label) => `{"file_name":"${i}.png","label":"${label}","text":"a"}`)
        .slice(from, to)
        .join('\r\n')
        .replaceAll('X', folder)
    const { reading, manifest } = await prepared([
      ['set/train/metadata.jsonl', of('train', 0, 4)],
      ['set/test/metadata.jsonl', of('test', 4, 8)],
      ...pictures(8, (i) => `set/${i < 4 ? 'train' : 'test'}/${i}.png`),
    ])
    expect([reading['set/train/0.png'], reading['set/test/5.png'], manifest.format]).toEqual([
      'train cat',
      'test dog',
      'json-lines in zip',
    ])
  })

  it('two tables for the same part are refused', async () => {
    expect(
      short(
        await refused([
          ['labels.csv', part(0, 8)],
          [
            'labels.tsv',
            table(
              'path\tlabel',
              rows.map((row) => row.replace(',', '\t')),
            ),
          ],
          ...pictures(),
        ]),
      ),
    ).toEqual(['labels.tsv TABLE_TWICE'])
    expect(short(await refused([['train.csv', part(0, 4)], ['train_2.csv', part(4, 8)], ...pictures()]))).toEqual([
      'train_2.csv TABLE_TWICE',
    ])
  })

  it('folders are read if a table is about something else, and the user is asked if either would do', async () => {
    const folders = pictures(8, (i) => `${i % 2 === 0 ? 'cat' : 'dog'}/${i}.png`)
    for (const [name, text] of [
      ['classes.csv', 'id,name\n0,cat\n'],
      ['metadata.csv', 'file_name,text\ncat/0.png,a cat\n'],
      ['cat/notes.csv', 'path,label\n0.png,tabby\n'],
    ]) {
      await using place = await workplace()
      const outcome = await place.prepare(await zipOf([[name!, text!], ...folders]), { onProblem: 'skip' })
      expect([outcome.manifest.format, outcome.manifest.classes]).toEqual(['folders in zip', ['cat', 'dog']])
    }
    const { manifest, notes } = await prepared([
      [
        'labels.csv',
        table(
          'path,label',
          both((i, label) => `${label}/${i}.png,${i < 4 ? 'a' : 'b'}`),
        ),
      ],
      ...folders,
    ])
    expect([manifest.classes, notes.FOLDERS_BESIDE_TABLE]).toEqual([
      ['a', 'b'],
      { count: 2, examples: ['labels.csv; folders cat, dog'] },
    ])
  })
})

describe('JSON lines', () => {
  it('may have keys of many names, whole numbers as labels, ids, and keys that are not read', async () => {
    const lines = both((i, label) =>
      JSON.stringify({
        image_id: i,
        category: label === 'cat' ? 3 : 12,
        boxes: [[1, 2]],
        split: i < 4 ? 'train' : 'TEST',
      }),
    )
    const { reading, notes } = await prepared([['data.jsonl', `\ufeff${lines.join('\r\n')}`], ...pictures()])
    expect([reading['img/0.png'], reading['img/7.png']]).toEqual(['train 3', 'test 12'])
    expect(notes.TABLE_READ!.examples).toEqual([
      'data.jsonl: files by image_id; labels by category; column not read: boxes',
    ])
  })

  it('are refused at a line that is too long or is not an object', async () => {
    const good = both((i, label) => JSON.stringify({ path: `img/${i}.png`, label }))
    for (const [line, code] of [
      ['['.repeat(70_000), 'LINE_TOO_LONG'],
      ['['.repeat(60_000), 'LABELS_UNREADABLE'],
      ['{"path":"img/0.png","label":["cat"]}', 'LABELS_UNREADABLE'],
    ]) {
      expect(short(await refused([['labels.jsonl', [...good.slice(0, 3), line].join('\n')], ...pictures()]))).toEqual([
        `labels.jsonl:4 ${code}`,
      ])
    }
  })
})

describe('limits of tables', () => {
  it('are named when they are exceeded: problems, rows, length of a line, columns, bytes', async () => {
    const missing = Array.from({ length: 3000 }, (_, i) => `img/no${i}.png,cat`)
    const many = pictures(1200)
    const issues = await refused([
      ['labels.csv', table('path,label', [...both((i, label) => `img/${i}.png,${label}`, 1200), ...missing])],
      ...many,
    ])
    expect(issues).toHaveLength(1000)
    expect(issues[0]).toMatchObject({
      path: 'labels.csv:2201',
      code: 'TOO_MANY_PROBLEMS',
      message: expect.stringContaining('1000 rows of 2200') as string,
    })

    const small = { maxImages: 20 }
    expect(
      short(
        await refused(
          [
            [
              'labels.csv',
              table('path,label', [...rows, ...Array.from({ length: 11_000 }, (_, i) => `img/no${i}.png,cat`)]),
            ],
            ...pictures(),
          ],
          { onProblem: 'skip' },
          small,
        ),
      ),
    ).toEqual(['labels.csv:10022 TABLE_TOO_LONG'])
    expect(
      short(
        await refused([
          ['labels.csv', table('path,label', [...rows, `img/0.png,"${'x'.repeat(70_000)}"`])],
          ...pictures(),
        ]),
      ),
    ).toEqual(['labels.csv:10 LINE_TOO_LONG'])
    // Longer than what is read at a time, behind lines that are well.
    for (const rest of ['"', 'x', '{"path":"'])
      expect(
        short(
          await refused([
            ['labels.csv', `${table('path,label', rows)}${rest}${'ab'.repeat(1_000_000)}`],
            ...pictures(),
          ]),
        ),
      ).toEqual(['labels.csv:10 LINE_TOO_LONG'])
    expect(
      short(await refused([['labels.csv', table('path,label', [...rows, ','.repeat(2000)])], ...pictures()])),
    ).toEqual(['labels.csv:10 ROW_LENGTH'])
    expect(
      (await refused([['labels.csv', table(`path,label${',x'.repeat(1000)}`, rows)], ...pictures()]))[0]!.message,
    ).toContain('1002 columns; at most 1000')
  })

  it('with bad rows are read without those rows if the options skip problems', async () => {
    const { manifest } = await prepared(
      [
        ['labels.csv', table('path,label', [...rows, ...Array.from({ length: 30 }, (_, i) => `img/no${i}.png,cat`)])],
        ...pictures(),
      ],
      { onProblem: 'skip' },
    )
    expect([manifest.skippedCount, manifest.splits.train.count + manifest.splits.test.count]).toEqual([30, 8])
  })
})

describe('any table', () => {
  const words = {
    train: ['train', 'Training', 'TRAIN_SET'],
    test: ['test', 'Testing', 'tst'],
    unlabelled: ['unlabelled', 'Unlabeled', 'unsup'],
  }
  const dialect = fc.record({
    separator: fc.constantFrom(',', ';', '\t'),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    quoteAll: fc.boolean(),
    encoding: fc.constantFrom('utf-8', 'utf-8-mark', 'utf-16le', 'utf-16be', 'shift_jis'),
    path: fc.constantFrom('path', 'File_Name', 'filename', ' FILE', 'image', 'image_path', 'img'),
    label: fc.constantFrom('label', 'Class', 'CATEGORY ', 'target'),
    split: fc.constantFrom('split', 'Set', 'part', 'subset', 'Usage'),
    style: fc.constantFrom('plain', '../data/', 'windows', 'absolute', 'wrapped', 'backslash', 'capitals'),
    wrap: fc.constantFrom('', 'pets/', 'a/b/'),
    extra: fc.boolean(),
  })
  const set = fc.record({
    folders: fc.uniqueArray(fc.constantFrom('img', 'photos/new', '猫 と', 'a,b', 'x;y'), {
      minLength: 1,
      maxLength: 3,
    }),
    labels: fc.uniqueArray(fc.constantFrom('cat', 'dog', 'a, "b"', 'c;d', '犬', 'two words', '7'), {
      minLength: 2,
      maxLength: 3,
    }),
    seed: fc.nat(1000),
  })

  it('gives the intended labels and splits, however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(dialect, set, async (how, { folders, labels, seed }) => {
        const items = Array.from({ length: 4 * labels.length }, (_, i) => {
          const part =
            i < 2 * labels.length
              ? ('train' as const)
              : i < 3 * labels.length
                ? ('test' as const)
                : ('unlabelled' as const)
          return {
            file: `${folders[(i * 7 + seed) % folders.length]}/n${i}.png`,
            label: labels[i % labels.length]!,
            part,
            word: words[part][(i + seed) % 3]!,
          }
        })
        const styled = (file: string) =>
          ({
            plain: file,
            '../data/': `./${file}`,
            windows: `C:\\x y\\${file.replaceAll('/', '\\')}`,
            absolute: `/mnt/d/${file}`,
            wrapped: `old/${file}`,
            backslash: file.replaceAll('/', '\\'),
            capitals: file.toUpperCase(),
          })[how.style]
        const quoted = (field: string) =>
          how.quoteAll || /[",;\t]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
        const lines = [
          [how.path, how.label, how.split, ...(how.extra ? ['note'] : [])],
          ...items.map(({ file, label, part, word }) => [
            styled(file),
            part === 'unlabelled' ? '' : label,
            word,
            ...(how.extra ? ['?'] : []),
          ]),
        ]
        const text = lines.map((fields) => fields.map(quoted).join(how.separator)).join(how.end)
        const bytes =
          how.encoding === 'utf-8-mark'
            ? Buffer.from(`\ufeff${text}`)
            : how.encoding.startsWith('utf-16')
              ? iconv.encode(text, how.encoding, { addBOM: true })
              : iconv.encode(text, how.encoding)
        const { reading } = await prepared(
          [
            [`${how.wrap}labels.csv`, bytes],
            ...items.map(({ file }, i): Entries[number] => [how.wrap + file, picture(i)]),
          ],
          { encoding: how.encoding === 'shift_jis' ? 'shift_jis' : null },
        )
        expect(reading).toEqual(
          Object.fromEntries(
            items.map(({ file, label, part }) => [how.wrap + file, part === 'unlabelled' ? part : `${part} ${label}`]),
          ),
        )
      }),
      { numRuns: 30, seed: 12 },
    )
  }, 300_000)
})
