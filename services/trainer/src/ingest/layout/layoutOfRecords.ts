import { Failure } from '@imclr/contract'
import type { Split } from '@imclr/contract'
import type { Notes } from '../notes.js'
import { unfit } from '../problems.js'
import { minSide } from '../records.js'
import type { Records } from '../records.js'
import { maxClasses } from './textList.js'
import type { DetectedLayout, Item, LayoutContext } from './detectedLayout.js'

/** Raw pictures of one part, and the labels as their file has them. */
export interface Block {
  path: string
  split: Split
  records: Records
  /** Null for unlabelled ones. */
  labels: (ArrayLike<number> & Iterable<number>) | null
}

/** The labels of all blocks, one after another. */
export function* labelsOf(blocks: readonly Block[]): Generator<number> {
  for (const { labels } of blocks) yield* labels ?? []
}

/** What the numbers in a file stand for. */
export interface Naming {
  classes: string[]
  /** Undefined: no class has this number. */
  labelOf: (number: number) => number | undefined
  /** Which numbers there are, for messages. */
  range: string
}

/**
 * Names in the order of their numbers, the first of which is `first`. Classes are in code-unit order. A name that
 * occurs twice is one class, and a note says so.
 */
export function named(names: readonly string[], notes: Notes, first = 0): Naming {
  const classes = [...new Set(names)].sort()
  const places = new Map(classes.map((name, label) => [name, label]))
  const labels = names.map((name) => places.get(name)!)
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) notes.add('CLASSES_MERGED', name)
    seen.add(name)
  }
  return { classes, labelOf: (number) => labels[number - first], range: `${first} to ${first + names.length - 1}` }
}

/** Without names, the numbers that occur are the names, in the order of numbers. */
export function numbered(labels: Iterable<number>): Naming {
  const numbers = [...new Set(labels)].filter((number) => number >= 0).sort((a, b) => a - b)
  const places = new Map(numbers.map((number, label) => [number, label]))
  return { classes: numbers.map(String), labelOf: (number) => places.get(number), range: '0 and more' }
}

/** A raw picture is held in memory whole, so its pixels are limited. */
const maxRecordPixels = 2 ** 24

export interface Counted {
  path: string
  count: number
  height: number
  width: number
  /** How many labels their file has; null if there is no such file, or its labels are not counted yet. */
  labels?: number | null
}

/**
 * Compares what headers say about raw pictures with the limits, before anything that they announce is read or
 * allocated.
 * @throws Failure DATASET_INVALID, DATASET_TOO_LARGE
 */
export function checkCounts(
  { path, count, height, width, labels = null }: Counted,
  { maxImages }: Pick<LayoutContext, 'maxImages'>,
): void {
  const size = `its images have ${width} x ${height} pixels`
  if (!(Math.min(height, width) >= minSide))
    throw unfit({
      path,
      code: 'TOO_SMALL',
      message: `${size}, at least ${minSide} x ${minSide} are needed`,
      fix: 'Take larger images.',
    })
  if (height * width > maxRecordPixels)
    throw unfit({
      path,
      code: 'TOO_MANY_PIXELS',
      message: `${size}, at most ${maxRecordPixels} are taken of raw images`,
      fix: 'Scale the images down.',
    })
  if (count > maxImages)
    throw new Failure('DATASET_TOO_LARGE', `${path} has ${count} images; the limit maxImages is ${maxImages}`)
  if (labels !== null && labels !== count) throw labelsDiffer(path, count, labels)
}

const labelsDiffer = (path: string, images: number, labels: number | null) =>
  unfit({
    path,
    code: 'LABELS_DIFFER',
    message: `it has ${images} images and ${labels === null ? 'no labels' : `${labels} labels`}`,
    fix: 'Give each image a label.',
  })

export interface LayoutOfRecords {
  layout: string
  blocks: readonly Block[]
  naming: Naming
  /** Places among the records of the training blocks. */
  folds?: readonly number[][]
}

/**
 * Makes an item of every record. A record whose label belongs to no class becomes a problem.
 * @throws Failure DATASET_INVALID when blocks and labels do not fit together, DATASET_TOO_LARGE
 */
export function layoutOfRecords(
  { layout, blocks, naming, folds }: LayoutOfRecords,
  { problems, maxImages }: Pick<LayoutContext, 'problems' | 'maxImages'>,
): DetectedLayout {
  const total = blocks.reduce((sum, { records }) => sum + records.count, 0)
  if (total > maxImages)
    throw new Failure('DATASET_TOO_LARGE', `the upload has ${total} images; the limit maxImages is ${maxImages}`)
  if (naming.classes.length > maxClasses)
    throw unfit({
      path: blocks[0]?.path ?? '',
      code: 'TOO_MANY_CLASSES',
      message: `its labels are ${naming.classes.length} different numbers, at most ${maxClasses} can be told apart`,
      fix: 'Take fewer classes.',
    })
  const [first] = blocks
  const items: Item[] = []
  const trainItems: (number | null)[] = []
  blocks.forEach(({ path, split, records, labels }, file) => {
    const { height, width } = records.grid
    const size = first!.records.grid
    checkCounts({ path, count: records.count, height, width }, { maxImages })
    if (height !== size.height || width !== size.width)
      throw unfit({
        path,
        code: 'SIZES_DIFFER',
        message: `its images have ${width} x ${height} pixels, those of ${first!.path} ${size.width} x ${size.height}`,
        fix: 'Give all images one size.',
      })
    if (split !== 'unlabelled' && labels?.length !== records.count)
      throw labelsDiffer(path, records.count, labels?.length ?? null)
    for (let record = 0; record < records.count; record++) {
      const label = split === 'unlabelled' ? -1 : naming.labelOf(labels![record]!)
      const itemPath = `${path}/${String(record).padStart(5, '0')}`
      if (split === 'train') trainItems.push(label === undefined ? null : items.length)
      if (label === undefined)
        problems.add('file', {
          path: itemPath,
          code: 'LABEL_OUT_OF_RANGE',
          message: `its label is ${labels![record]}; classes have the numbers ${naming.range}`,
          fix: 'Correct the label.',
        })
      else items.push({ path: itemPath, file, split, label, record })
    }
  })
  return {
    layout,
    classes: naming.classes,
    testWasGiven: blocks.some(({ split }) => split === 'test'),
    items,
    pixels: { kind: 'records', blocks: blocks.map(({ records }) => records) },
    folds: folds?.map((places) => places.flatMap((place) => trainItems[place] ?? [])) ?? null,
  }
}
