import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NoteCode, PrepareOptionsInput, Split } from '@imclr/contract'
import { readFolders, UnclearFolders, roleOf, Notes } from '@imclr/trainer/ingest/testing'
import { failureOf, folderOf, noisePng, tarOf, workplace, zipOf } from './uploads.js'
import type { Entries } from './uploads.js'

/** Class folders with `perClass` pictures each, no two alike. */
const tree = (folders: readonly string[], perClass = 4): Entries =>
  folders.flatMap((folder, i) => folderOf(folder, perClass, { seed: 1000 + 50 * i }))
/** With an entry for each folder, as packing programs write them. */
function withFolders(entries: Entries): Entries {
  const folders = new Set<string>()
  for (const [path] of entries)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) folders.add(path.slice(0, end))
  return [...[...folders].sort().map((path): Entries[number] => [`${path}/`, null]), ...entries]
}

interface Row {
  name: string
  entries: Entries
  options?: PrepareOptionsInput
  classes: string[]
  /** Images of train, validation, test, unlabelled. */
  counts: [number, number, number, number]
  notes: NoteCode[]
}

const rows: Row[] = [
  {
    name: 'one folder of classes',
    entries: tree(['pets/cat', 'pets/dog']),
    classes: ['cat', 'dog'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER'],
  },
  {
    name: 'two wrapping folders',
    entries: tree(['archive/PetImages/cat', 'archive/PetImages/dog']),
    classes: ['cat', 'dog'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER'],
  },
  {
    name: 'texts beside',
    entries: [
      ...tree(['x/data/cat', 'x/data/dog']),
      ['x/LICENSE', 'text'],
      ['x/README.md', 'text'],
      ['x/data/classes.txt', 'cat\ndog\n'],
      ['x/data/cat/000.xml', '<annotation/>'],
    ],
    classes: ['cat', 'dog'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER', 'IGNORED_DOCUMENT'],
  },
  {
    name: 'Training and Testing',
    entries: tree(['Training/cat', 'Training/dog', 'Testing/cat', 'Testing/dog']),
    classes: ['cat', 'dog'],
    counts: [8, 0, 8, 0],
    notes: ['TAKEN_FOR_SPLIT'],
  },
  {
    name: 'seg_train in seg_train',
    entries: [
      ...tree(['seg_train/seg_train/cat', 'seg_train/seg_train/dog', 'seg_test/seg_test/cat', 'seg_test/seg_test/dog']),
      ...folderOf('seg_pred/seg_pred', 3),
    ],
    classes: ['cat', 'dog'],
    counts: [8, 0, 8, 3],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'],
  },
  {
    name: 'a test part that is one picture a class, in its own folder again',
    entries: [
      ...tree(['alphabet_train/alphabet_train/A', 'alphabet_train/alphabet_train/B']),
      ...folderOf('alphabet_test/alphabet_test', 3),
    ],
    classes: ['A', 'B'],
    counts: [6, 0, 2, 3],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT', 'TEST_PART_UNLABELLED'],
  },
  {
    name: 'train, valid, test',
    entries: tree(['s/train/cat', 's/train/dog', 's/valid/cat', 's/valid/dog', 's/test/cat', 's/test/dog']),
    classes: ['cat', 'dog'],
    counts: [8, 8, 8, 0],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'],
  },
  {
    name: 'train and val',
    entries: tree(['train/cat', 'train/dog', 'val/cat', 'val/dog']),
    classes: ['cat', 'dog'],
    counts: [8, 0, 8, 0],
    notes: ['TAKEN_FOR_SPLIT', 'VALIDATION_IS_TEST'],
  },
  {
    name: 'unlabeled, and pictures below images/',
    entries: [
      ...tree(['images/train/cat', 'images/train/dog', 'images/test/cat', 'images/test/dog']),
      ...folderOf('images/unlabeled', 5),
    ],
    classes: ['cat', 'dog'],
    counts: [8, 0, 8, 5],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'],
  },
  {
    name: 'training alone',
    entries: tree(['training_set/training_set/cats', 'training_set/training_set/dogs']),
    classes: ['cats', 'dogs'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_SPLIT'],
  },
  {
    name: 'classes called bus, car and train',
    entries: tree(['bus', 'car', 'train']),
    classes: ['bus', 'car', 'train'],
    counts: [9, 0, 3, 0],
    notes: ['TAKEN_FOR_CLASS'],
  },
  {
    name: 'classes called valid and invalid',
    entries: tree(['parts/invalid', 'parts/valid']),
    classes: ['invalid', 'valid'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER', 'TAKEN_FOR_CLASS'],
  },
  {
    name: 'classes called test and train, as the user says',
    entries: tree(['test', 'train']),
    options: { folders: 'classes' },
    classes: ['test', 'train'],
    counts: [6, 0, 2, 0],
    notes: [],
  },
  {
    name: 'splits within classes',
    entries: tree(['cat/train', 'cat/test', 'dog/train', 'dog/test']),
    classes: ['cat', 'dog'],
    counts: [8, 0, 8, 0],
    notes: ['TAKEN_FOR_SPLIT'],
  },
  {
    name: 'folders within classes',
    entries: tree(['pets/cat/black', 'pets/cat/white', 'pets/dog']),
    classes: ['cat', 'dog'],
    counts: [9, 0, 3, 0],
    notes: ['WRAPPING_FOLDER', 'NESTED_FOLDERS'],
  },
  {
    name: 'splits beside others, as the user says',
    entries: tree(['train/a', 'train/b', 'test/a', 'test/b']),
    options: { folders: 'splits' },
    classes: ['a', 'b'],
    counts: [8, 0, 8, 0],
    notes: ['TAKEN_FOR_SPLIT'],
  },
  {
    name: 'names that differ by form alone',
    entries: tree(['Cat', 'cat', 'red_fox', 'red fox']),
    classes: ['Cat', 'cat', 'red fox', 'red_fox'],
    counts: [12, 0, 4, 0],
    notes: ['DIFFERS_BY_CASE', 'LABELS_DIFFER_BY_FORM'],
  },
  {
    name: "an empty folder beside the classes' folder",
    entries: [...tree(['data/a', 'data/b']), ['results', null]],
    classes: ['a', 'b'],
    counts: [6, 0, 2, 0],
    notes: ['WRAPPING_FOLDER', 'IGNORED_FOLDER'],
  },
]

describe('layouts of folders', () => {
  it.each(rows)(
    'reads $name, with and without entries for folders',
    async ({ entries, options, classes, counts, notes }) => {
      await using place = await workplace()
      for (const archive of [
        await zipOf(withFolders(entries)),
        await tarOf(withFolders(entries)),
        await tarOf(entries),
      ]) {
        const { manifest } = await place.prepare(archive, { nearDuplicates: 'report', ...options })
        const { train, validation, test, unlabelled } = manifest.splits
        expect({
          classes: manifest.classes,
          counts: [train.count, validation.count, test.count, unlabelled.count],
          notes: manifest.notes.map(({ code }) => code),
        }).toEqual({ classes, counts, notes: notes.toSorted((a, b) => order(a) - order(b)) })
      }
    },
  )

  it.each([
    [
      'test and train alone, of pictures',
      tree(['test', 'train']),
      /test\/ and train\/ can be read in two ways: as parts of the data set, with no folders of classes in them; or as classes, 2 in all/,
    ],
    [
      'train with folders beside a class',
      tree(['train/steam', 'train/diesel', 'bus']),
      /train\/ can be read in two ways: as parts of the data set, with the 2 classes diesel, steam; or as classes, 2 in all: bus\/ and train\//,
    ],
    [
      'one class of two with parts',
      tree(['cat/train', 'cat/test', 'dog']),
      /cat\/ holds test\/ and train\/: parts of the data set, or no more than folders of the class cat; 1 of 2 classes have no such folders/,
    ],
  ])('asks about %s, with both readings', async (_, entries, message) => {
    await using place = await workplace()
    const { code, issues } = await failureOf(place.prepare(await zipOf(entries)))
    expect([code, issues]).toEqual([
      'DATASET_INVALID',
      [
        expect.objectContaining({
          code: 'AMBIGUOUS_FOLDERS',
          message: expect.stringMatching(message),
          fix: expect.stringContaining("folders: 'classes'"),
        }),
      ],
    ])
    expect(await place.leftovers()).toEqual([])
  })

  it('says what is missing if no data set can be read', async () => {
    await using place = await workplace()
    const of = async (entries: Entries) =>
      (await failureOf(place.prepare(await zipOf(entries)))).issues.map(({ path, code, message }) => [
        path,
        code,
        message,
      ])
    expect(await of(folderOf('all/train', 3))).toEqual([
      ['all/train/', 'NO_CLASS_FOLDERS', expect.stringContaining('all 3 pictures lie in one place')],
    ])
    expect(
      await of([
        ['a/notes.txt', 'x'],
        ['b/labels.xml', 'x'],
      ]),
    ).toEqual([['', 'NO_CLASS_FOLDERS', 'there are no pictures']])
    expect(await of([...tree(['val/a', 'val/b'])])).toEqual([
      ['', 'NO_TRAINING_PART', expect.stringContaining('val/ alone')],
    ])
    const named = await failureOf(place.prepare(await zipOf(tree(['train/Cat', 'train/dog', 'test/cat', 'test/dog']))))
    expect(named.issues.map(({ path, code, fix }) => [path, code, fix])).toEqual([
      ['Cat', 'CLASS_WITHOUT_TEST', expect.stringContaining('a class "cat" as well')],
      ['cat', 'CLASS_WITHOUT_TRAINING', expect.stringContaining('a class "Cat" as well')],
    ])
    expect(await of([['loose.png', noisePng(1)], ...tree(['a', 'b'])])).toEqual([
      ['loose.png', 'NOT_IN_A_CLASS', 'it is in no class folder'],
    ])
  })
})

const order = (code: NoteCode): number =>
  [
    'WRAPPING_FOLDER',
    'TAKEN_FOR_SPLIT',
    'TAKEN_FOR_CLASS',
    'VALIDATION_IS_TEST',
    'TEST_PART_UNLABELLED',
    'NESTED_FOLDERS',
    'IGNORED_DOCUMENT',
    'IGNORED_FOLDER',
    'DIFFERS_BY_CASE',
    'LABELS_DIFFER_BY_FORM',
  ].indexOf(code)

/** What the owner of some folders means: the class and split of each picture. */
interface Meant {
  paths: Map<string, { split: Split; className: string | null }>
  /** Whether some names can mean a class or a split. */
  tricky: boolean
}

const plainNames = ['cat', 'dog', 'Zebra', 'äpfel', '0', '17', 'red wine', 'größe', '表', 'car', 'bus', 'ship']
const trickyNames = ['train', 'test', 'valid', 'extra large', 'test tube', 'train_station', 'dev', 'Training']
const splitNames: Record<Split, string[]> = {
  train: [
    'train',
    'Training',
    'TRAIN',
    'seg_train',
    'training_set',
    'train_set',
    'trainset',
    'pets_train',
    'train2017',
  ],
  test: ['test', 'Testing', 'seg_test', 'test_set', 'TEST', 'pets-test'],
  validation: ['val', 'valid', 'Validation', 'dev', 'validation_set', 'val2017', 'eval'],
  unlabelled: ['unlabelled', 'unlabeled', 'Unlabeled', 'unsup'],
}

const trees = fc
  .record({
    names: fc.uniqueArray(fc.constantFrom(...plainNames, ...trickyNames), { minLength: 2, maxLength: 5 }),
    wrappers: fc.array(fc.constantFrom('pets', 'archive', 'my data', 'PetImages', 'Downloads'), { maxLength: 3 }),
    parts: fc.constantFrom<Split[]>(
      [],
      ['train'],
      ['train', 'test'],
      ['train', 'validation'],
      ['train', 'validation', 'test'],
      ['train', 'test', 'unlabelled'],
    ),
    spelling: fc.nat(100),
    major: fc.constantFrom('split', 'class'),
    again: fc.boolean(),
    nested: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  })
  .map(({ names, wrappers, parts, spelling, major, again, nested }): Meant => {
    const paths: Meant['paths'] = new Map()
    const top = wrappers.map((name) => `${name}/`).join('')
    const spelt = (split: Split) => splitNames[split][spelling % splitNames[split].length]!
    names.forEach((className, i) => {
      const below = nested[i] ? 'left/' : ''
      for (const split of parts.length === 0 ? (['train'] as const) : parts) {
        const folder =
          split === 'unlabelled'
            ? `${spelt(split)}/`
            : parts.length === 0
              ? `${className}/${below}`
              : major === 'class' && !parts.includes('unlabelled')
                ? `${className}/${spelt(split)}/`
                : `${spelt(split)}/${again ? `${spelt(split)}/` : ''}${className}/${below}`
        for (const number of [1, 2])
          paths.set(
            `${top}${folder}${className}-${number}.png`,
            split === 'unlabelled' ? { split, className: null } : { split, className },
          )
      }
    })
    // Without a test split, the validation split becomes it, and a note says so.
    if (parts.includes('validation') && !parts.includes('test'))
      for (const place of paths.values()) if (place.split === 'validation') place.split = 'test'
    return {
      paths,
      tricky: names.some((name) => roleOf(name) !== null) || (nested.some(Boolean) && parts.length === 0),
    }
  })

describe('any tree', () => {
  it('is read as it was meant; names with two meanings are refused or noted, and never silently read in another way', () => {
    let asked = 0
    fc.assert(
      fc.property(trees, ({ paths, tricky }) => {
        const files = [...paths.keys()].sort()
        const notes = new Notes()
        try {
          const { assignments } = readFolders({ paths: files, folders: 'auto', notes })
          const read = new Map(files.map((path, i) => [path, assignments[i]]))
          const differs = files.some((path) => JSON.stringify(read.get(path)) !== JSON.stringify(paths.get(path)))
          const said = notes.list.some(({ code }) =>
            ['TAKEN_FOR_SPLIT', 'TAKEN_FOR_CLASS', 'NESTED_FOLDERS'].includes(code),
          )
          if (differs && !(tricky && said)) expect(read).toEqual(paths)
        } catch (error) {
          if (!(error instanceof UnclearFolders) || !tricky) throw error
          asked++
          expect(error.issue.fix).toMatch(/\w/)
        }
      }),
      { numRuns: 3000, seed: 12 },
    )
    expect(asked).toBeGreaterThan(0)
  })
})
