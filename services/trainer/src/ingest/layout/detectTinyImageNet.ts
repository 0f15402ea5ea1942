import type { Archive } from '../archive/archive.js'
import type { DetectedLayout, Item, LayoutContext } from './detectedLayout.js'
import { checkNames, nameList, readList } from './textList.js'
import type { ListLimits } from './textList.js'

/** All of WordNet has 82,115 lines, 2.6 MB. */
const wordList: ListLimits = { maxBytes: 16 * 2 ** 20, maxLines: 500_000 }
const maxLineBytes = 200

/**
 * Tiny ImageNet (cs231n.stanford.edu), known by wnids.txt and val/val_annotations.txt: train/<wnid>/images, and the
 * validation images, which become the test part since its own has no labels and is left aside. A class is named by the
 * first of its words, and by its WordNet id too if two classes share that word. Null for any other upload.
 */
export async function detectTinyImageNet({
  archive,
  problems,
  maxImages,
}: Pick<LayoutContext, 'archive' | 'problems' | 'maxImages'>): Promise<DetectedLayout | null> {
  const list = archive.files.find(({ path }) => path === 'wnids.txt' || path.endsWith('/wnids.txt'))?.path
  if (list === undefined) return null
  const root = list.slice(0, list.length - 'wnids.txt'.length)
  const annotations = await read(archive, `${root}val/val_annotations.txt`, {
    maxBytes: maxImages * maxLineBytes,
    maxLines: maxImages,
  })
  if (annotations === null) return null

  const wnids = [...new Set(await read(archive, list, nameList))]
  const names = classNames(wnids, (await read(archive, `${root}words.txt`, wordList)) ?? [])
  const classes = [...names.values()].sort()
  checkNames(classes, list)
  const places = new Map(classes.map((name, label) => [name, label]))
  const labels = new Map(wnids.map((wnid) => [wnid, places.get(names.get(wnid)!)!]))
  const annotated = new Map(annotations.map((line) => line.split('\t')).map(([file, wnid]) => [file!, wnid ?? '']))

  const items = archive.files.flatMap(({ path }, file): Item[] => {
    const [top, second, third, fourth] = path.startsWith(root) ? path.slice(root.length).split('/') : []
    if (top === 'test' || path.endsWith('.txt')) return []
    const isTrain = top === 'train' && third === 'images' && fourth !== undefined
    const isTest = top === 'val' && second === 'images' && third !== undefined
    const wnid = isTrain ? second! : isTest ? annotated.get(third) : undefined
    const label = labels.get(wnid ?? '')
    if (isTest) annotated.delete(third)
    if (label !== undefined) return [{ path, file, split: isTrain ? 'train' : 'test', label }]
    const message = isTrain
      ? `wnids.txt has no ${second}`
      : isTest
        ? 'val_annotations.txt gives it no class of wnids.txt'
        : 'it has no place in this layout'
    problems.add('file', {
      path,
      code: 'NOT_IN_A_CLASS',
      message,
      fix: 'Take the archive anew from where it was published, or remove the file.',
    })
    return []
  })
  for (const name of annotated.keys()) {
    problems.add('file', {
      path: `${root}val/val_annotations.txt`,
      code: 'FILE_MISSING',
      message: `${name.slice(0, 100)} is not in val/images`,
      fix: 'Take the archive anew from where it was published.',
    })
  }
  return {
    layout: 'tiny-imagenet',
    classes,
    testWasGiven: true,
    items,
    pixels: { kind: 'pictures', files: archive },
    folds: null,
  }
}

async function read(archive: Archive, path: string, limits: ListLimits): Promise<string[] | null> {
  const index = archive.files.findIndex((file) => file.path === path)
  return index === -1 ? null : readList(archive, index, limits)
}

/** words.txt: `n01443537<tab>goldfish, Carassius auratus`. */
function classNames(wnids: readonly string[], lines: readonly string[]): Map<string, string> {
  const words = new Map(
    lines.map((line) => line.split('\t')).map(([wnid, all]) => [wnid!, all?.split(',')[0]!.trim() ?? '']),
  )
  const wordOf = (wnid: string) => words.get(wnid) || wnid
  const taken = new Map<string, number>()
  for (const wnid of wnids) taken.set(wordOf(wnid), (taken.get(wordOf(wnid)) ?? 0) + 1)
  return new Map(wnids.map((wnid) => [wnid, taken.get(wordOf(wnid))! > 1 ? `${wordOf(wnid)} (${wnid})` : wordOf(wnid)]))
}
