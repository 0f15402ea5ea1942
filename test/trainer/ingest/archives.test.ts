import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import iconv from 'iconv-lite'
import { readDirectory, partOf } from '@imclr/trainer/ingest/testing'
import { requirePart } from '../../support/parts.js'
import type { PartName } from '../../support/parts.js'
import { opened } from './opened.js'
import { numbers, rawZip } from './rawZip.js'
import type { RawZipEntry } from './rawZip.js'
import { failureOf, folderOf, noisePng, tarGzOf, tarOf, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

/** A folder of class folders as somebody may have it: all that an archive must bring along unharmed. */
const short: Entries = [
  ...folderOf('cat', 4),
  ...folderOf('dog', 4, { seed: 20 }),
  ['cat/with spaces (1).png', noisePng(50)],
  ['cat/日本語.png', noisePng(51)],
  ['cat/\u{1f638}.png', noisePng(52)],
  ['caf\u00e9/1.png', noisePng(53)],
  ['caf\u00e9/2.png', noisePng(54)],
  ['caf\u00e9/3.png', noisePng(55)],
  ['dog/a/b/c/d/e/f/g/h/deep.png', noisePng(56)],
  ['dog/empty.png', ''],
  ['dog/no files', null],
]
const long: Entries = [
  ...short,
  [`cat/${'n'.repeat(120)}.png`, noisePng(57)],
  [`dog/${'m'.repeat(90)}/${'犬'.repeat(60)}/${'o'.repeat(120)}.png`, noisePng(58)],
]
const filesOf = (entries: Entries) =>
  Object.fromEntries(
    entries.filter(([, content]) => content !== null).map(([path, content]) => [path, Buffer.from(content!)]),
  )

/** Every folder of the tree. */
function foldersOf(entries: Entries): string[] {
  const folders = entries.flatMap(([path, content]) => {
    const parts = path.split('/')
    return parts.slice(0, content === null ? parts.length : -1).map((_, depth) => parts.slice(0, depth + 1).join('/'))
  })
  return [...new Set(folders)].sort()
}

/**
 * A command that packs the folder it runs in to `../out`; its folder entries: those of all folders, of empty ones, or
 * of none.
 */
const tools: { name: string; part: PartName; command: string; tree?: Entries; folders?: 'empty' | 'none' }[] = [
  { name: 'GNU tar', part: 'tar', command: 'tar cf ../out *' },
  { name: 'GNU tar, gzipped', part: 'tar', command: 'tar czf ../out *' },
  { name: 'GNU tar of .', part: 'tar', command: 'tar cf - . > ../out' },
  { name: 'GNU tar, pax', part: 'tar', command: 'tar --format=pax -cf ../out *' },
  { name: 'GNU tar, pax in the C locale', part: 'tar', command: 'LC_ALL=C tar --format=pax -cf ../out *' },
  { name: 'GNU tar, ustar', part: 'tar', command: 'tar --format=ustar -cf ../out *', tree: short },
  { name: 'GNU tar, v7', part: 'tar', command: 'tar --format=v7 -cf ../out *', tree: short },
  { name: 'GNU tar, oldgnu with a label', part: 'tar', command: 'tar --format=oldgnu -V pets -cf ../out *' },
  { name: 'GNU tar in two steps', part: 'tar', command: 'tar cf ../out cat && tar rf ../out c?*[!t] dog' },
  { name: 'bsdtar', part: 'bsdtar', command: 'bsdtar -cf ../out *' },
  { name: 'bsdtar, ustar', part: 'bsdtar', command: 'bsdtar --format=ustar -cf ../out *', tree: short },
  { name: 'bsdtar, zip', part: 'bsdtar', command: 'bsdtar --format=zip -cf ../out *' },
  { name: 'zip -r', part: 'zip', command: 'zip -qr ../out.zip * && mv ../out.zip ../out' },
  { name: 'zip -r .', part: 'zip', command: 'zip -qr ../out.zip . && mv ../out.zip ../out' },
  {
    name: 'zip without entries for folders',
    part: 'zip',
    command: 'zip -qrD ../out.zip * && mv ../out.zip ../out',
    folders: 'none',
  },
  { name: 'zip, stored', part: 'zip', command: 'zip -qr0 ../out.zip * && mv ../out.zip ../out' },
  { name: 'zip to a pipe (zip64, sizes behind the data)', part: 'zip', command: 'zip -qr - . | cat > ../out' },
  { name: 'zip from a pipe', part: 'zip', command: 'find . -type f | zip -q - -@ | cat > ../out', folders: 'none' },
  { name: 'zip in the C locale', part: 'zip', command: 'LC_ALL=C zip -qr ../out.zip * && mv ../out.zip ../out' },
  { name: '7z, zip', part: 'sevenZip', command: '7z a -bd -tzip ../out.zip * > ../log && mv ../out.zip ../out' },
  {
    name: '7z, zip with UTF-8 names',
    part: 'sevenZip',
    command: '7z a -bd -tzip -mcu=on ../out.zip * > ../log && mv ../out.zip ../out',
  },
  { name: '7z, tar', part: 'sevenZip', command: '7z a -bd -ttar ../out.tar * > ../log && mv ../out.tar ../out' },
  ...['zip', 'tar', 'gztar'].map((format) => ({
    name: `shutil.make_archive, ${format}`,
    part: 'python3' as const,
    command: `python3 -c "import os,shutil; os.rename(shutil.make_archive('../made', '${format}', '.'), '../out')"`,
  })),
  { name: 'zipfile', part: 'python3', command: 'python3 -m zipfile -c ../out *' },
  { name: 'tarfile', part: 'python3', command: 'python3 -m tarfile -c ../out *' },
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imclr-archives-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What a shell command, run in a folder with these files, leaves as `../out`. */
async function packed(
  entries: Entries,
  command: string,
  prepare: (tree: string) => Promise<void> = () => Promise.resolve(),
): Promise<Buffer> {
  const place = await mkdtemp(join(folder, 'tree-'))
  const tree = join(place, 'tree')
  await mkdir(tree)
  for (const [path, content] of entries) {
    await mkdir(content === null ? join(tree, path) : dirname(join(tree, path)), { recursive: true })
    if (content !== null) await writeFile(join(tree, path), content)
  }
  await prepare(tree)
  await promisify(execFile)('bash', ['-c', command], { cwd: tree, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  const bytes = await readFile(join(place, 'out'))
  await rm(place, { recursive: true })
  return bytes
}

async function versionOf(archive: Uint8Array): Promise<string> {
  await using place = await workplace()
  return (await place.prepare(archive, { onProblem: 'skip' })).manifest.versionId
}

describe('archives as tools write them', () => {
  const versions = new Map<Entries, Promise<string>>()
  /** The version of a tree packed by the library. */
  const expected = (tree: Entries) => {
    const version = versions.get(tree) ?? zipOf(tree).then(versionOf)
    versions.set(tree, version)
    return version
  }
  for (const { name, part, command, tree = long, folders } of tools) {
    it.skipIf(!requirePart(part))(
      `are read the same: ${name}`,
      async () => {
        const archive = await packed(tree, command)
        const found = await opened(archive)
        expect(found).toEqual({
          format: found.format,
          files: filesOf(tree),
          folders: folders === 'none' ? [] : foldersOf(tree),
          notes: [],
          issues: [],
        })
        expect(await versionOf(archive)).toBe(await expected(tree))
      },
      60_000,
    )
  }

  it('from Finder give the same data set: names in NFD, litter of its own, sizes behind the data', async () => {
    const unix = (type: number) => ({
      madeBy: 0x0315,
      attributes: (type << 16) >>> 0,
      extra: Buffer.from('555808000000000000000000', 'hex'),
    })
    const finder = long.flatMap(([path, content]): RawZipEntry[] => {
      const name = path.normalize('NFD')
      if (content === null) return [{ name: `${name}/`, ...unix(0o040755) }]
      const beside = {
        name: `__MACOSX/${name.replace(/[^/]+$/, '._$&')}`,
        content: Buffer.from('00051607', 'hex'),
        method: 8 as const,
        descriptor: true,
        ...unix(0o100644),
      }
      return [{ name, content: Buffer.from(content), method: 8, descriptor: true, ...unix(0o100644) }, beside]
    })
    const archive = rawZip([
      ...['cat', 'dog', 'cafe\u0301'].map((name) => ({ name: `${name}/`, ...unix(0o040755) })),
      { name: 'cat/.DS_Store', content: Buffer.from('x'), ...unix(0o100644) },
      ...finder,
      { name: '__MACOSX/', ...unix(0o040755) },
    ])
    const found = await opened(archive)
    const count = Object.keys(filesOf(long)).length
    expect(found).toEqual({
      format: 'zip',
      files: filesOf(long),
      folders: ['caf\u00e9', 'cat', 'dog', 'dog/no files'],
      issues: [],
      notes: [
        { code: 'IGNORED_LITTER', count: count + 1, examples: ['__MACOSX/', 'cat/.DS_Store'] },
        { code: 'RENAMED_UNICODE', count: 1, examples: ['caf\u00e9'] },
      ],
    })
    expect(await versionOf(archive)).toBe(await expected(long))
  }, 60_000)

  it('are read whole where Finder wrote their count modulo 65,536', async () => {
    const entries = Array.from({ length: 66_000 }, (_, i): RawZipEntry => ({ name: `cat/${i}.png` }))
    expect(Object.keys((await opened(rawZip(entries))).files)).toHaveLength(66_000)
  }, 60_000)

  it('are read whole where Finder wrote their offsets modulo 4 GiB', async () => {
    const file = join(folder, 'large.zip')
    const offsets = [0, 3 * 2 ** 30, 5 * 2 ** 30, 6 * 2 ** 30]
    const central = Buffer.concat(
      offsets.map((offset, i) =>
        Buffer.concat([
          Buffer.from('PK\x01\x02', 'latin1'),
          numbers('HHHHHHIIIHHHHHII', [0x0315, 20, 0, 0, 0, 0, 0, 10, 10, 5, 0, 0, 0, 0, 0, offset]),
          Buffer.from(`${i}.png`),
        ]),
      ),
    )
    const start = 7 * 2 ** 30
    await truncate(await writeFile(file, '').then(() => file), start)
    await writeFile(
      file,
      Buffer.concat([
        central,
        Buffer.from('PK\x05\x06', 'latin1'),
        numbers('HHHHIIH', [0, 0, 4, 4, central.length, start, 0]),
      ]),
      { flag: 'a' },
    )
    await using handle = await open(file)
    const found: [string, number][] = []
    for await (const { name, offset } of readDirectory(
      partOf(handle, { offset: 0, bytes: (await handle.stat()).size }),
    ))
      found.push([name, offset])
    expect(found).toEqual(offsets.map((offset, i) => [`${i}.png`, offset]))
  })

  it('are read although other bytes follow them', async () => {
    const entries = Object.entries(filesOf(short)).map(([name, content]): RawZipEntry => ({
      name,
      content,
      flags: 0x800,
    }))
    expect((await opened(rawZip(entries, { behind: Buffer.from('\n') }))).files).toEqual(filesOf(short))
  })

  it.each([
    ['a count that is too large', rawZip([{ name: 'a/1.png' }], { count: () => 2 })],
    ['a count that is too small', rawZip([{ name: 'a/1.png' }, { name: 'a/2.png' }], { count: () => 1 })],
  ])('are refused with %s', async (_, archive) => {
    const { code, message } = await failureOf(opened(archive))
    expect([code, message]).toEqual([
      'ARCHIVE_UNREADABLE',
      expect.stringMatching(/directory says \d entries and holds \d/),
    ])
  })
})

describe('names in other encodings', () => {
  const japanese: Entries = [...folderOf('表', 2), ...folderOf('犬', 2, { seed: 9 })]
  const inBytes = (entries: Entries, encoding: string, change: Partial<RawZipEntry> = {}): Buffer =>
    rawZip(
      entries.map(([path, content]) => ({
        name: iconv.encode(path, encoding),
        content: Buffer.from(content!),
        ...change,
      })),
    )
  /** A tar whose names are bytes of an encoding, under their checksum. */
  async function tarInBytes(entries: Entries, encoding: string): Promise<Buffer> {
    const tar = await tarOf(entries.map(([, content], i) => [`${i}`, content] as Entries[number]))
    for (let at = 0, i = 0; i < entries.length; i++) {
      const header = tar.subarray(at, at + 512)
      at += 512 + Math.ceil(Buffer.from(entries[i]![1]!).length / 512) * 512
      header.fill(0, 0, 100).set(iconv.encode(entries[i]![0], encoding))
      header.fill(' ', 148, 156).write(
        header
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0') + '\0 ',
        148,
        'latin1',
      )
    }
    return tar
  }

  it.each([
    ['zip', (encoding: string) => Promise.resolve(inBytes(japanese, encoding))],
    ['tar', (encoding: string) => tarInBytes(japanese, encoding)],
  ])('are refused once, with what they look like, and read by the option, in a %s', async (_, make) => {
    const archive = await make('shift_jis')
    const failure = await failureOf(opened(archive))
    expect([
      failure.code,
      failure.issues.map(({ code, path, message, fix }) => ({ code, path, message, fix })),
    ]).toEqual([
      'DATASET_INVALID',
      [
        {
          code: 'NAME_ENCODING',
          path: '表/000.png',
          message: expect.stringMatching(/^4 names .* not UTF-8.*"表\/000\.png" by shift_jis/),
          fix: expect.stringContaining("{ encoding: 'shift_jis' }"),
        },
      ],
    ])
    const { files, notes } = await opened(archive, 'Shift_JIS')
    expect(files).toEqual(filesOf(japanese)) // the second byte of 表 is that of a backslash
    expect(notes).toEqual([{ code: 'ENCODING', count: 2, examples: ['犬 (by Shift_JIS)', '表 (by Shift_JIS)'] }])
    expect(await versionOf(await zipOf(japanese))).toBe(await versionWith(archive, 'shift_jis'))
  })
  const versionWith = async (archive: Uint8Array, encoding: string): Promise<string> => {
    await using place = await workplace()
    return (await place.prepare(archive, { encoding })).manifest.versionId
  }

  it.each([
    ['cp850', folderOf('caf\u00e9', 1), 'cp850'],
    [
      'windows-1252',
      [...folderOf('for\u00eat', 1), ...folderOf('\u00e9t\u00e9', 1), ...folderOf('p\u00eache', 1)],
      'windows-1252',
    ],
    ['windows-1251', [...folderOf('кошка', 1), ...folderOf('собака', 1)], 'windows-1251'],
    ['shift_jis', [...folderOf('リンゴ', 1), ...folderOf('バナナ', 1), ...folderOf('みかん', 1)], 'shift_jis'],
  ] as [string, Entries, string][])('of %s are guessed', async (encoding, entries, guess) => {
    const archive = inBytes(entries, encoding)
    expect((await failureOf(opened(archive))).issues[0]!.fix).toContain(`{ encoding: '${guess}' }`)
    expect((await opened(archive, encoding)).files).toEqual(filesOf(entries))
  })

  it('are decoded together, not one by one: the Chinese word for cat in GBK is also valid UTF-8 (an e with grave accent)', async () => {
    const chinese: Entries = [...folderOf('猫', 1), ...folderOf('狗', 1)]
    const archive = inBytes(chinese, 'gbk')
    expect((await failureOf(opened(archive))).issues.map(({ code }) => code)).toEqual(['NAME_ENCODING'])
    expect((await opened(archive, 'gbk')).files).toEqual(filesOf(chinese))
  })

  it('are reported if the encoding in the options does not decode them, or if no encoding is known to fit', async () => {
    const archive = inBytes(japanese, 'shift_jis')
    const [misfit, unknown] = [await failureOf(opened(archive, 'euc-kr')), await failureOf(opened(archive, 'klingon'))]
    expect(misfit.issues.map(({ code, message }) => [code, message])).toEqual([
      ['NAME_ENCODING', expect.stringMatching(/^2 of 4 names .* euc-kr/)],
    ])
    expect(unknown.issues.map(({ code, message, fix }) => [code, message, fix])).toEqual([
      ['UNKNOWN_ENCODING', expect.stringContaining('klingon'), expect.stringContaining('shift_jis')],
    ])
  })

  it('do not matter if the entry also has its name in UTF-8, as Info-ZIP and WinZip write it', async () => {
    const field = (name: string, sum: number) =>
      Buffer.concat([
        numbers('HH', [0x7075, 5 + Buffer.byteLength(name)]),
        Buffer.from([1]),
        numbers('I', [sum]),
        Buffer.from(name),
      ])
    const name = iconv.encode('caf\u00e9/1.png', 'cp437')
    expect(Object.keys((await opened(rawZip([{ name, extra: field('caf\u00e9/1.png', crc32(name)) }]))).files)).toEqual(
      ['caf\u00e9/1.png'],
    )
    // Made of another name: what renamed the entry did not know the field.
    expect(
      Object.keys((await opened(rawZip([{ name: 'tea/1.png', extra: field('caf\u00e9/1.png', crc32(name)) }]))).files),
    ).toEqual(['tea/1.png'])
  })
})

describe('names that look alike', () => {
  const one = Buffer.from('1')
  it('that differ only by Unicode form are refused as one path twice, and both are spelled out', async () => {
    const { files, issues } = await opened(
      await zipOf([
        ['cafe\u0301/1.png', one],
        ['caf\u00e9/1.png', one],
        ['caf\u00e9/2.png', one],
      ]),
    )
    expect(Object.keys(files)).toEqual(['caf\u00e9/1.png', 'caf\u00e9/2.png'])
    expect(issues.map(({ path, code, message }) => [path, code, message])).toEqual([
      ['caf\u00e9/1.png', 'PATH_TWICE', expect.stringContaining('"cafe\\u{301}/1.png" and "caf\\u{e9}/1.png"')],
    ])
  })

  it('that differ only by Unicode form become one folder, with a note', async () => {
    const { files, notes } = await opened(
      await tarOf([
        ['cafe\u0301/1.png', one],
        ['caf\u00e9/2.png', one],
        ['the\u0301/3.png', one],
      ]),
    )
    expect(Object.keys(files)).toEqual(['caf\u00e9/1.png', 'caf\u00e9/2.png', 'th\u00e9/3.png'])
    expect(notes).toEqual([
      {
        code: 'RENAMED_UNICODE',
        count: 2,
        examples: ['caf\u00e9 (it stands there in two forms, which are one now)', 'th\u00e9'],
      },
    ])
  })

  it('are found wherever they are in a long list', async () => {
    const step = 7919 // prime to 10,000: every number once, far from its neighbours
    const entries = Array.from({ length: 10_000 }, (_, i): RawZipEntry => ({
      name: `cat/${String((i * step) % 10_000).padStart(5, '0')}.png`,
    }))
    const { files, notes, issues } = await opened(
      rawZip([...entries, { name: 'cat/00001.png' }, { name: 'cat/09998.PNG' }]),
    )
    expect(Object.keys(files)).toHaveLength(10_001)
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(['cat/00001.png PATH_TWICE'])
    expect(notes).toEqual([{ code: 'DIFFERS_BY_CASE', count: 1, examples: ['cat/09998.PNG / cat/09998.png'] }])
  })

  it('that differ only by case stay different files and folders, with one note for each pair', async () => {
    const { files, notes, issues } = await opened(
      await zipOf([
        ['Cat/1.png', one],
        ['cat/1.png', one],
        ['cat/2.png', one],
        ['dog/a.png', one],
        ['dog/A.png', one],
        ['dog/a.PNG', one],
      ]),
    )
    expect([Object.keys(files).length, issues]).toEqual([6, []])
    expect(notes).toEqual([
      { code: 'DIFFERS_BY_CASE', count: 3, examples: ['Cat / cat', 'dog/A.png / dog/a.PNG', 'dog/A.png / dog/a.png'] },
    ])
  })

  it('of a file and a folder are refused, whichever comes first', async () => {
    for (const entries of [
      [
        ['cat', one],
        ['cat/1.png', one],
      ],
      [
        ['cat/1.png', one],
        ['cat', one],
      ],
      [
        ['cat', null],
        ['cat', one],
      ],
    ] as Entries[]) {
      expect(
        (await opened(await tarOf([...entries, ['dog/1.png', one]]))).issues.map(({ code, message }) => [
          code,
          message,
        ]),
      ).toEqual([['PATH_TWICE', expect.stringContaining('both as a file and as a folder')]])
    }
  })

  it('with backslashes are paths with folders if no name has a slash, as old Windows programs write them', async () => {
    const written = rawZip([
      { name: 'cat\\', attributes: 0x10 },
      { name: 'cat\\1.png', content: one },
      { name: 'dog\\sub\\2.png', content: one },
    ])
    expect(await opened(written)).toEqual({
      format: 'zip',
      files: { 'cat/1.png': one, 'dog/sub/2.png': one },
      folders: ['cat'],
      issues: [],
      notes: [
        {
          code: 'RENAMED_BACKSLASH',
          count: 2,
          examples: ['cat\\1.png is cat/1.png', 'dog\\sub\\2.png is dog/sub/2.png'],
        },
      ],
    })
    const evil = await opened(
      rawZip([
        { name: 'C:\\data\\1.png' },
        { name: '..\\1.png' },
        { name: 'a\\..\\..\\2.png' },
        { name: '\\\\server\\share\\1.png' },
        { name: 'cat\\1.png' },
      ]),
    )
    expect(evil.issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      '../1.png PATH_TRAVERSAL',
      '//server/share/1.png ABSOLUTE_PATH',
      'C:/data/1.png ABSOLUTE_PATH',
      'a/../../2.png PATH_TRAVERSAL',
    ])
    expect(
      (await opened(rawZip([{ name: 'cat\\1.png' }, { name: 'cat/2.png' }]))).issues.map(({ code }) => code),
    ).toEqual(['BACKSLASH'])
  })
})

describe('files that are not part of the data', () => {
  const one = Buffer.from('1')
  const pictures: Entries = [
    ['cat/1.png', one],
    ['dog/2.png', one],
  ]

  it('are ignored and counted: each file once, and each folder without files', async () => {
    const litter: Entries = [
      ['.git', null],
      ['.git/HEAD', one],
      ['.git/objects/ab', one],
      ['cat/.ipynb_checkpoints', null],
      ['cat/Thumbs.db', one],
      ['dog/Desktop.ini', one],
      ['dog/@eaDir/2.png', one],
      ['$RECYCLE.BIN/S-1/3.png', one],
      ['__MACOSX/cat/._1.png', one],
      ['cat/._1.png', one],
    ]
    const { files, notes, folders } = await opened(await tarOf([...pictures, ...litter]))
    expect([Object.keys(files), folders]).toEqual([['cat/1.png', 'dog/2.png'], []])
    expect(notes).toEqual([
      {
        code: 'IGNORED_LITTER',
        count: 9,
        examples: ['$RECYCLE.BIN/', '.git/', '__MACOSX/', 'cat/._1.png', 'cat/.ipynb_checkpoints/'],
      },
    ])
    expect((await opened(rawZip([{ name: 'cat/1.png' }, { name: 'Icon\r' }, { name: 'dog/Icon\r' }]))).notes).toEqual([
      { code: 'IGNORED_LITTER', count: 2, examples: ['Icon\r', 'dog/Icon\r'] },
    ])
  })

  it('are named if the archive holds nothing else', async () => {
    const nothing = async (archive: Uint8Array) =>
      (await failureOf(opened(archive))).issues.map(({ code, message }) => `${code}: ${message}`)
    expect(
      await nothing(
        await tarOf([
          ['cat', null],
          ['dog', null],
          ['cat/.DS_Store', one],
        ]),
      ),
    ).toEqual(['NO_FILES: archive has no files in it, only 2 folders and 1 hidden or system file, which are ignored'])
    expect(await nothing(await zipOf([['.hidden', one]]))).toEqual([
      'NO_FILES: archive has no files in it, only 1 hidden or system file, which are ignored',
    ])
    expect(await nothing(gzipSync(await tarOf([])))).toEqual(['NO_FILES: archive has no files in it'])
    expect((await failureOf(opened(await zipOf([])))).message).toContain('is a zip archive with nothing in it')
    expect((await failureOf(opened(Buffer.alloc(10_240)))).message).toContain('a tar archive without entries')
  })

  it('are refused if they are archives by their content, even a single one', async () => {
    const nested = async (archive: Uint8Array) =>
      (await failureOf(opened(archive))).issues.map(
        ({ path, code, message }) => `${path} ${code} ${/\((.+)\)/.exec(message)![1]}`,
      )
    expect(await nested(await zipOf([['data', await zipOf(pictures)]]))).toEqual(['data NESTED_ARCHIVE zip'])
    expect(await nested(await zipOf([['data.tgz', await tarGzOf(pictures)]]))).toEqual([
      'data.tgz NESTED_ARCHIVE tar.gz',
    ])
    expect(
      await nested(
        await tarGzOf([
          ['a/train.zip', await zipOf(pictures)],
          ['a/test.tar', await tarOf(pictures)],
          ['a/x.7z', Buffer.from('377abcaf271c0004', 'hex')],
        ]),
      ),
    ).toEqual(['a/test.tar NESTED_ARCHIVE tar', 'a/train.zip NESTED_ARCHIVE zip', 'a/x.7z NESTED_ARCHIVE 7z'])
    const { issues } = await opened(
      await zipOf([
        ['train.zip', await zipOf(pictures)],
        ['labels.csv', 'path,label\n'],
      ]),
    )
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(['train.zip NESTED_ARCHIVE'])
  })

  it('are named if they are archives of another kind, with advice', async () => {
    const kinds: [string, Buffer][] = [['RAR', Buffer.from('526172211a0701001234', 'hex')]]
    if (requirePart('bsdtar')) {
      for (const [name, options] of [
        ['7z', '--format=7zip'],
        ['bzip2 (tar.bz2)', '-j'],
        ['xz (tar.xz)', '-J'],
        ['Zstandard (tar.zst)', '--zstd'],
        ['cpio', '--format=newc'],
      ])
        kinds.push([name!, await packed(pictures, `bsdtar ${options} -cf ../out *`)])
    }
    for (const [name, archive] of kinds) {
      const { code, message } = await failureOf(opened(archive))
      expect([code, message]).toEqual([
        'ARCHIVE_UNREADABLE',
        `archive is an archive of the kind ${name}, by its first bytes, which is not read: pack the folder as zip or tar.gz`,
      ])
    }
    expect((await failureOf(opened(gzipSync(await zipOf(pictures))))).message).toContain(
      'packed by gzip, and what is in it is no tar archive but a zip archive',
    )
  })

  it.skipIf(!requirePart('tar') || !requirePart('zip'))(
    'is refused where it is a link, with the way out; packed with links followed it is not',
    async () => {
      const link = (tree: string) => symlink('1.png', join(tree, 'cat', 'link.png'))
      for (const command of ['tar cf ../out *', 'zip -qry ../out.zip * && mv ../out.zip ../out']) {
        expect(
          (await opened(await packed(pictures, command, link))).issues.map(({ path, code, fix }) => [path, code, fix]),
        ).toEqual([['cat/link.png', 'LINK', expect.stringMatching(/tar -h --hard-dereference; zip without -y/)]])
      }
      for (const command of [
        'tar -ch --hard-dereference -f ../out *',
        'zip -qr ../out.zip * && mv ../out.zip ../out',
      ]) {
        expect((await opened(await packed(pictures, command, link))).files).toEqual({
          'cat/1.png': one,
          'cat/link.png': one,
          'dog/2.png': one,
        })
      }
      const hard = await opened(await packed([['cat/1.png', one]], 'ln cat/1.png cat/2.png && tar cf ../out cat'))
      expect(hard.issues.map(({ code, message }) => [code, message])).toEqual([
        ['LINK', expect.stringMatching(/^it is a hard link to "cat\/[12]\.png"$/)],
      ])
    },
  )

  it.skipIf(!requirePart('tar'))(
    'are refused if they are sparse files, and the entries behind them are read',
    async () => {
      const sparse = async (tree: string) => {
        await truncate(join(tree, 'cat', 'a.bin'), 2 ** 20)
      }
      for (const format of ['gnu', 'pax', 'pax --sparse-version=0.0', 'pax --sparse-version=0.1']) {
        const { files, issues } = await opened(
          await packed([...pictures, ['cat/a.bin', one]], `tar -S --format=${format} -cf ../out *`, sparse),
        )
        expect([Object.keys(files), issues.map(({ path, code }) => `${path} ${code}`)]).toEqual([
          ['cat/1.png', 'dog/2.png'],
          ['cat/a.bin SPARSE_FILE'],
        ])
      }
    },
  )
})
