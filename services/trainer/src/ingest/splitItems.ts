import type { PrepareOptions, Split } from '@imclr/contract'
import { stream } from '../random/stream.js'
import { labelsAlike } from './layout/labelsAlike.js'
import type { DetectedLayout } from './layout/detectedLayout.js'
import type { Problems } from './problems.js'

/** Places of the usable items, in their order. */
export type SplitIndices = Record<Split, Uint32Array>

/**
 * The splits as given. If no test split was given, `testFraction` of each class becomes it: rounded, at least one
 * image, never all. Its images are drawn from the stream (splitSeed, 'split', class).
 */
export function splitItems(
  detected: Pick<DetectedLayout, 'items' | 'classes' | 'testWasGiven'>,
  usable: (index: number) => boolean,
  { testFraction, splitSeed }: PrepareOptions,
): SplitIndices {
  const { items, classes, testWasGiven } = detected
  const places = [...items.keys()].filter(usable)
  const pool: number[][] = classes.map(() => [])
  if (!testWasGiven)
    for (const index of places) if (items[index]!.split === 'train') pool[items[index]!.label]!.push(index)
  const drawn = new Set<number>()
  pool.forEach((members, label) => {
    if (members.length < 2) return
    const count = Math.min(members.length - 1, Math.max(1, Math.round(members.length * testFraction)))
    const order = stream({ seed: splitSeed, name: 'split', index: label }).permutation(members.length)
    for (let i = 0; i < count; i++) drawn.add(members[order[i]!]!)
  })
  const isTest = (index: number) => items[index]!.split === 'test' || drawn.has(index)
  return {
    train: Uint32Array.from(places.filter((index) => items[index]!.split === 'train' && !isTest(index))),
    validation: Uint32Array.from(places.filter((index) => items[index]!.split === 'validation')),
    test: Uint32Array.from(places.filter(isTest)),
    unlabelled: Uint32Array.from(places.filter((index) => items[index]!.split === 'unlabelled')),
  }
}

export interface CheckClasses {
  splits: SplitIndices
  usable: (index: number) => boolean
  problems: Problems
}

/**
 * Finds what makes a data set as a whole unfit for training. If unusable files explain it, it is reported as their
 * consequence.
 */
export function checkClasses(
  { classes, items, testWasGiven }: Pick<DetectedLayout, 'items' | 'classes' | 'testWasGiven'>,
  { splits: { train, test }, usable, problems }: CheckClasses,
): void {
  const unusable = new Uint32Array(classes.length)
  items.forEach(({ label }, index) => {
    if (label >= 0 && !usable(index)) unusable[label]!++
  })
  if (classes.length < 2) {
    const unplaced = problems.fileCount > unusable.reduce((sum, count) => sum + count, 0)
    const what = classes.length === 0 ? 'there are no classes' : `there is one class only, ${classes[0]}`
    problems.add(unplaced ? 'consequence' : 'set', {
      path: '',
      code: 'TOO_FEW_CLASSES',
      message: what,
      fix: 'Put the images of each class into a folder of its own, or name their classes in labels.csv; at least two are needed.',
    })
  }
  if (classes.length > 65_535)
    problems.add('set', {
      path: '',
      code: 'TOO_MANY_CLASSES',
      message: `there are ${classes.length} classes`,
      fix: 'At most 65,535 can be told apart.',
    })
  const perClass = (indices: Uint32Array) => {
    const counts = new Uint32Array(classes.length)
    for (const index of indices) counts[items[index]!.label]!++
    return counts
  }
  const alike = new Map(
    labelsAlike(classes).flatMap((group) => group.map((name, i) => [name, group[i === 0 ? 1 : 0]!])),
  )
  /** A class that lacks a split often has it under a name that looks like its own. */
  const orCalled = (name: string) =>
    alike.has(name)
      ? ` There is a class ${JSON.stringify(alike.get(name))} as well: give both one name if they are one.`
      : ''
  const training = perClass(train)
  const testing = perClass(test)
  classes.forEach((name, label) => {
    const complain = (code: string, message: string, fix: string) =>
      problems.add(unusable[label]! > 0 ? 'consequence' : 'set', { path: name, code, message, fix })
    if (training[label] === 0 && testing[label] === 0)
      complain('EMPTY_CLASS', 'this class has no usable images', 'Add images of it, or remove its folder.')
    else if (!testWasGiven && testing[label] === 0)
      complain(
        'CLASS_TOO_SMALL',
        'this class has a single usable image; one to train on and one to test with are needed',
        'Add images of it, or remove it.',
      )
    else if (training[label] === 0)
      complain(
        'CLASS_WITHOUT_TRAINING',
        'this class has no image to train on that is not among its test images',
        `Add training images of it, or remove it.${orCalled(name)}`,
      )
    else if (testing[label] === 0)
      complain(
        'CLASS_WITHOUT_TEST',
        'this class has no usable test image',
        `Add test images of it; or give none at all, then 20 % of each class are taken.${orCalled(name)}`,
      )
  })
}
