/**
 * A folder, known from its files. It is read one level at a time: paths may be deep, and only their first few parts
 * matter.
 */
export interface Folder {
  /** With its slash; '' for the top. */
  path: string
  name: string
  /** Places of all files below it. */
  files: readonly number[]
}

/** What lies directly in a folder. */
export interface Level {
  /** Files, by their places. */
  loose: number[]
  /** Those that hold files, in code-unit order of their names. */
  folders: Folder[]
}

export function levelOf({ path, files }: Folder, pathOf: (file: number) => string): Level {
  const loose: number[] = []
  const members = new Map<string, number[]>()
  for (const file of files) {
    const whole = pathOf(file)
    const end = whole.indexOf('/', path.length)
    if (end === -1) {
      loose.push(file)
      continue
    }
    const name = whole.slice(path.length, end)
    const known = members.get(name)
    if (known === undefined) members.set(name, [file])
    else known.push(file)
  }
  const folders = [...members.keys()]
    .sort()
    .map((name) => ({ path: `${path}${name}/`, name, files: members.get(name)! }))
  return { loose, folders }
}
