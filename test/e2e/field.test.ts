/**
 * Data sets as people have them, packed by the tools people use, sent through the SDK to the real service: each becomes
 * what its owner meant, or an answer that says what to do.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, ImclrError, type Client, type Dataset, type UploadOptions } from '@imclr/sdk'
import { makeFolder } from '../support/parts.js'
import { standalone, type RunningService } from '../support/runService.js'
import { noise, noisePng } from '../trainer/ingest/uploads.js'

let service: RunningService
let sdk: Client
beforeAll(async () => {
  service = await standalone()
  sdk = createClient({ url: service.url, apiKey: service.apiKey })
}, 120_000)
afterAll(() => service[Symbol.asyncDispose]())

let seed = 0
function write(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}
/** Folders of 8 pictures each. */
const pictures = (...folders: string[]): Record<string, Uint8Array> =>
  Object.fromEntries(
    folders.flatMap((folder) =>
      Array.from({ length: 8 }, (_, i) => [`${folder}/${String(i).padStart(3, '0')}.png`, noisePng(seed++)]),
    ),
  )

const run = (folder: string, command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, stdio: 'pipe' })

/** A folder `name` of these files, packed by `tar czf` and by `zip -r`: with entries for the folders. */
function packed(name: string, files: Record<string, string | Uint8Array>): string[] {
  const folder = makeFolder('field')
  write(join(folder, name), files)
  run(folder, 'tar', 'czf', 'set.tar.gz', name)
  run(folder, 'zip', '-qr', 'set.zip', name)
  return [join(folder, 'set.tar.gz'), join(folder, 'set.zip')]
}

/** What `zip` writes for names of these bytes, without the flag that says UTF-8. */
function zipOfNames(names: readonly Buffer[]): string {
  const folder = makeFolder('field')
  const stand = names.map((name, i) => String.fromCharCode(97 + i).repeat(name.length))
  write(folder, pictures(...stand))
  run(folder, 'zip', '-qr', 'set.zip', ...stand)
  let zip = readFileSync(join(folder, 'set.zip')).toString('latin1')
  names.forEach((name, i) => (zip = zip.replaceAll(`${stand[i]!}/`, `${name.toString('latin1')}/`)))
  writeFileSync(join(folder, 'set.zip'), Buffer.from(zip, 'latin1'))
  return join(folder, 'set.zip')
}

/** Two classes of 8 pictures below img/, and a table of them. */
function table(
  header: string,
  row: (path: string, label: 0 | 1) => string,
  { encoding = 'utf8', labels = ['cat', 'dog'] }: { encoding?: string; labels?: [string, string] } = {},
): string[] {
  const files = Object.fromEntries(
    ([0, 1] as const).flatMap((label) =>
      Array.from({ length: 8 }, (_, i) => [`img/${label}${i}.png`, noisePng(seed++)] as const),
    ),
  )
  const lines = Object.keys(files).map((path) =>
    row(path, Number(path[4]) as 0 | 1).replace('LABEL', labels[Number(path[4]) as 0 | 1]),
  )
  return packed('set', {
    ...files,
    'labels.csv': iconv.encode([header, ...lines, ''].join('\r\n'), encoding, { addBOM: false }),
  })
}

/**
 * 5,000 entries that claim 100 bytes each and all point at one blob of 20 MB: unpacking each would cost the whole blob.
 */
function overlapping(): string {
  const blob = deflateRawSync(Buffer.concat(Array.from({ length: 20 }, () => Buffer.from(noise(1, 2 ** 20)))), {
    level: 0,
  })
  const sum = crc32(Buffer.alloc(100))
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(sum, 14)
  local.writeUInt32LE(blob.length, 18)
  local.writeUInt32LE(100, 22)
  local.writeUInt16LE(9, 26)
  const central = Buffer.concat(
    Array.from({ length: 5000 }, (_, i) => {
      const name = Buffer.from(`${i % 2 ? 'cat' : 'dog'}/${String(i).padStart(5, '0')}.png`)
      const entry = Buffer.alloc(46)
      entry.writeUInt32LE(0x02014b50, 0)
      entry.writeUInt16LE(20, 4)
      entry.writeUInt16LE(20, 6)
      entry.writeUInt16LE(8, 10)
      entry.writeUInt32LE(sum, 16)
      entry.writeUInt32LE(blob.length, 20)
      entry.writeUInt32LE(100, 24)
      entry.writeUInt16LE(name.length, 28)
      return Buffer.concat([entry, name])
    }),
  )
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(5000, 8)
  end.writeUInt16LE(5000, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length + 9 + blob.length, 16)
  const path = join(makeFolder('field'), 'set.zip')
  writeFileSync(path, Buffer.concat([local, Buffer.from('cat/x.png'), blob, central, end]))
  return path
}

/** A folder of links to two folders beside it. */
function folderOfLinks(): string {
  const folder = makeFolder('field')
  write(folder, pictures('real/cat', 'real/dog'))
  mkdirSync(join(folder, 'links/set'), { recursive: true })
  for (const name of ['cat', 'dog']) symlinkSync(`../../real/${name}`, join(folder, 'links/set', name))
  return join(folder, 'links/set')
}

function folderWithLinksInside(): string {
  const folder = join(makeFolder('field'), 'set')
  write(folder, pictures('cat', 'dog'))
  cpSync(join(folder, 'cat'), join(folder, '.store'), { recursive: true })
  symlinkSync('../cat/000.png', join(folder, 'dog/again.png'))
  symlinkSync('..', join(folder, 'dog/loop'))
  return folder
}

const shiftJis = (text: string) => iconv.encode(text, 'shift_jis')

interface Row {
  name: string
  from: () => string | string[]
  options?: UploadOptions
  /** What it becomes: by default classes cat and dog, a fifth of each the test part. */
  becomes?: { classes?: string[]; counts?: Partial<Dataset['counts']>; notes?: string[] }
  /** Or how it is refused. */
  refused?: { code: string; issue?: string; says: RegExp }
}

const rows: Row[] = [
  {
    name: '01 one folder of classes',
    from: () => packed('pets', pictures('cat', 'dog')),
    becomes: { notes: ['WRAPPING_FOLDER'] },
  },
  {
    name: '02 two wrapping folders',
    from: () => packed('archive', pictures('PetImages/cat', 'PetImages/dog')),
    becomes: { notes: ['WRAPPING_FOLDER'] },
  },
  {
    name: '03 texts beside',
    from: () =>
      packed('readme', {
        ...pictures('data/cat', 'data/dog'),
        LICENSE: 'text',
        'README.md': 'text',
        'data/classes.txt': 'cat\ndog\n',
      }),
    becomes: { notes: ['WRAPPING_FOLDER', 'IGNORED_DOCUMENT'] },
  },
  {
    name: '04 Training and Testing',
    from: () => packed('s1', pictures('Training/cat', 'Training/dog', 'Testing/cat', 'Testing/dog')),
    becomes: { counts: { train: 16, test: 16 }, notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'] },
  },
  {
    name: '05 seg_train in seg_train',
    from: () =>
      packed(
        's2',
        pictures(
          'seg_train/seg_train/cat',
          'seg_train/seg_train/dog',
          'seg_test/seg_test/cat',
          'seg_test/seg_test/dog',
        ),
      ),
    becomes: { counts: { train: 16, test: 16 }, notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'] },
  },
  {
    name: '06 train, valid and test',
    from: () => packed('s3', pictures('train/cat', 'train/dog', 'valid/cat', 'valid/dog', 'test/cat', 'test/dog')),
    becomes: { counts: { train: 16, validation: 16, test: 16 }, notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'] },
  },
  {
    name: '07 train and val',
    from: () => packed('s4', pictures('train/cat', 'train/dog', 'val/cat', 'val/dog')),
    becomes: { counts: { train: 16, test: 16 }, notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT', 'VALIDATION_IS_TEST'] },
  },
  {
    name: '08 unlabeled',
    from: () => packed('s5', pictures('train/cat', 'train/dog', 'test/cat', 'test/dog', 'unlabeled')),
    becomes: { counts: { train: 16, test: 16, unlabelled: 8 }, notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'] },
  },
  {
    name: '09 a folder of links that lead out of it',
    from: folderOfLinks,
    refused: { code: 'EMPTY_SOURCE', says: /links?.*(cat|dog).*followLinks/s },
  },
  {
    name: '09 the same, followed as the user says',
    from: folderOfLinks,
    options: { followLinks: 'everywhere' },
    becomes: { notes: ['LINK_FOLLOWED'] },
  },
  {
    name: '09 links inside of the folder',
    from: folderWithLinksInside,
    becomes: {
      counts: { train: 13, test: 4 },
      notes: ['IGNORED_LITTER', 'LINK_NOT_FOLLOWED', 'LINK_FOLLOWED', 'SAME_PICTURE_TWO_LABELS'],
    },
  },
  {
    name: '10 a table in Shift-JIS',
    from: () => table('path,label', (path) => `${path},LABEL`, { encoding: 'shift_jis', labels: ['猫', '犬'] }),
    refused: {
      code: 'DATASET_INVALID',
      issue: 'TABLE_ENCODING',
      says: /labels\.csv:2: the line is not UTF-8; it reads .*猫" by shift_jis/,
    },
  },
  {
    name: '10 the same, with its encoding',
    from: () => table('path,label', (path) => `${path},LABEL`, { encoding: 'shift_jis', labels: ['猫', '犬'] }),
    options: { encoding: 'shift_jis' },
    becomes: { classes: ['犬', '猫'], notes: ['ENCODING'] },
  },
  {
    name: '11 a table in Windows-1252',
    from: () =>
      table('path,label', (path) => `${path},LABEL`, { encoding: 'windows-1252', labels: ['pêche', 'pèche'] }),
    refused: {
      code: 'DATASET_INVALID',
      issue: 'TABLE_ENCODING',
      says: /labels\.csv:2: the line is not UTF-8; it reads .*pêche" by windows-1252/,
    },
  },
  {
    name: '11 the same, with its encoding',
    from: () =>
      table('path,label', (path) => `${path},LABEL`, { encoding: 'windows-1252', labels: ['pêche', 'pèche'] }),
    options: { encoding: 'windows-1252' },
    becomes: { classes: ['pèche', 'pêche'], notes: ['ENCODING'] },
  },
  {
    name: '12 semicolons',
    from: () => table('\ufeffpath;label', (path) => `${path};LABEL`),
    becomes: { notes: ['TABLE_READ'] },
  },
  {
    name: '13 backslashes',
    from: () => table('path,label', (path) => `${path.replace('/', '\\')},LABEL`),
    becomes: { notes: ['TABLE_PATHS'] },
  },
  {
    name: '14 file_name',
    from: () => table('file_name,label', (path) => `${path},LABEL`),
    becomes: { notes: ['TABLE_READ'] },
  },
  {
    name: '15 UTF-8 names without the flag',
    from: () => zipOfNames([Buffer.from('cafe\u0301'), Buffer.from('the\u0301')]),
    becomes: { classes: ['café', 'thé'], notes: ['RENAMED_UNICODE'] },
  },
  {
    name: '16 Shift-JIS names',
    from: () => zipOfNames([shiftJis('表'), shiftJis('犬')]),
    refused: { code: 'DATASET_INVALID', issue: 'NAME_ENCODING', says: /"表\/[^"]*" by shift_jis/ },
  },
  {
    name: '16 the same, with their encoding',
    from: () => zipOfNames([shiftJis('表'), shiftJis('犬')]),
    options: { encoding: 'shift_jis' },
    becomes: { classes: ['犬', '表'], notes: ['ENCODING'] },
  },
  {
    name: '17 overlapping entries',
    from: overlapping,
    refused: { code: 'ARCHIVE_UNSAFE', says: /lie over each other/ },
  },
]

describe('data sets as people have them', () => {
  it.each(rows)(
    '$name',
    async ({ from, options, becomes, refused }) => {
      for (const path of [from()].flat()) {
        const uploaded = await sdk.datasets
          .upload(path, { name: `field ${seed++}`, ...options })
          .catch((error: unknown) => error)
        if (refused) {
          expect(uploaded).toBeInstanceOf(ImclrError)
          const { code, message, hint, issues } = uploaded as ImclrError
          expect(code, message).toBe(refused.code)
          if (refused.issue) expect(issues.map((issue) => issue.code)).toEqual([refused.issue])
          expect([message, hint, ...issues.flatMap((issue) => [issue.message, issue.fix])].join('\n')).toMatch(
            refused.says,
          )
          continue
        }
        if (uploaded instanceof Error) throw uploaded
        const { classes, counts, notes } = uploaded as Dataset
        expect({ classes, counts, notes: notes.map(({ code }) => code) }, path).toEqual({
          classes: becomes?.classes ?? ['cat', 'dog'],
          counts: { train: 12, validation: 0, test: 4, unlabelled: 0, ...becomes?.counts },
          notes: becomes?.notes ?? [],
        })
        for (const { message, count, examples } of notes)
          expect([message, count > 0, examples.length > 0]).toEqual([expect.stringMatching(/\w/), true, true])
      }
    },
    60_000,
  )

  it('tells of each upload what was done with it, also where its content is a version that is there already', async () => {
    const files = pictures('cat', 'dog')
    const [plain] = packed('first', files)
    const [noted] = packed('second', { ...files, 'README.md': 'text' })
    const [first, second] = [
      await sdk.datasets.upload(plain!, { name: 'one content' }),
      await sdk.datasets.upload(noted!, { name: 'one content' }),
    ]
    expect(second.versionId).toBe(first.versionId)
    expect([first, second].map(({ notes }) => notes.map(({ code, examples }) => [code, examples[0]]))).toEqual([
      [['WRAPPING_FOLDER', 'first/']],
      [
        ['WRAPPING_FOLDER', 'second/'],
        ['IGNORED_DOCUMENT', 'second/README.md'],
      ],
    ])
    expect((await sdk.datasets.get(second.versionId)).notes).toEqual(first.notes)
  }, 60_000)
})
