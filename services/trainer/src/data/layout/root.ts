/**
 * Archives are often made of a folder, not of what is in it. Gives that one folder with a slash, or '' where the data lie at the top.
 * A single folder that holds pictures and no folders (`cat/1.png`) is a class, not a wrapping.
 */
export function wrappingFolder(files: readonly string[], folders: readonly string[]): string {
  const [first] = files
  if (first === undefined || !first.includes('/')) return ''
  const name = first.slice(0, first.indexOf('/'))
  const top = `${name}/`
  const alone = files.every((path) => path.startsWith(top)) && folders.every((path) => path === name || path.startsWith(top))
  if (!alone || reserved(name) !== null) return ''
  return files.some((path) => isTable(path, top) || path.includes('/', top.length)) ? top : ''
}

/** A table of pictures and labels, directly in the folder `root` (with its slash). */
export function isTable(path: string, root: string): boolean {
  const name = path.startsWith(root) ? path.slice(root.length) : ''
  return name === 'labels.csv' || (name.endsWith('.jsonl') && !name.includes('/'))
}

/** The split that a folder of this name stands for, in whatever case; null where it is a class. */
export function reserved(folder: string): 'train' | 'test' | 'unlabelled' | null {
  const name = folder.toLowerCase()
  if (name === 'unlabeled') return 'unlabelled'
  return name === 'train' || name === 'test' || name === 'unlabelled' ? name : null
}
