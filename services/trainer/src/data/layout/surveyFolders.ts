import type { Split } from '@imclr/contract'
import { reserved, wrappingFolder } from './root.js'
import type { Survey, SurveyContext } from './survey.js'

/**
 * The layout of folders: `<class>/...`, or `train/<class>/...` with or without `test/<class>/...`; beside either, `unlabelled/...`.
 * Folders within a class folder belong to the class. A class folder without files is a class all the same; its emptiness is told later.
 */
export function surveyFolders({ archive, problems }: Pick<SurveyContext, 'archive' | 'problems'>): Survey {
  const root = wrappingFolder(archive.files.map(({ path }) => path), archive.folders)
  const inside = (path: string) => path.slice(root.length).split('/')
  const splitFolders = new Set([...archive.files.map(({ path }) => inside(path)), ...archive.folders.map((path) => [...inside(path), ''])].map((parts) => (parts.length > 1 ? reserved(parts[0]!) : null)))
  const testWasGiven = splitFolders.has('test')
  const bySplit = testWasGiven || splitFolders.has('train')

  const placed = archive.files.map(({ path }) => placeOf(inside(path), bySplit))
  const declared = archive.folders.map((path) => placeOf([...inside(path), ''], bySplit))
  const classes = [...new Set([...placed, ...declared].flatMap((place) => place?.className ?? []))].sort()
  const labels = new Map(classes.map((name, label) => [name, label]))
  const expected = bySplit ? 'train/<class>/, test/<class>/ or unlabelled/' : '<class>/ or unlabelled/'

  const items = archive.files.flatMap(({ path }, file) => {
    const place = placed[file]
    if (place) return [{ path, file, part: place.part, label: place.className === null ? -1 : labels.get(place.className)! }]
    problems.add('file', { path, code: 'NOT_IN_A_CLASS', message: 'it is in no class folder', fix: `Move it to ${root}${expected}, or remove it.` })
    return []
  })
  return { layout: 'folders', classes, testWasGiven, items, pixels: { kind: 'pictures', files: archive }, folds: null }
}

/** What a file is for, by the parts of its path; null where no class folder holds it. */
function placeOf(parts: readonly string[], bySplit: boolean): { part: Split; className: string | null } | null {
  const [top, second] = parts
  if (parts.length < 2) return null
  const split = reserved(top!)
  if (split === 'unlabelled') return { part: 'unlabelled', className: null }
  if (!bySplit) return { part: 'train', className: top! }
  return split !== null && parts.length > 2 ? { part: split, className: second! } : null
}
