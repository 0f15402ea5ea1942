import type { Notes } from '../notes.js'
import type { Problems } from '../problems.js'
import { entriesPerTurn, yieldToEventLoop } from './yieldToEventLoop.js'
import type { ListedName } from './listEntries.js'
import { orderOf } from './orderOf.js'

/** A name in a folder: all names that differ from it by case or Unicode form alone stand on one node. */
interface Node {
  folded: string
  /** With the folders that it is in, as it was met first. */
  path: string
  /** Others that differ by case. */
  others: Set<string> | null
  /** As the archive has it, where bringing it to NFC changed it. */
  original: string | null
  /** Whether some of its paths came in NFC. */
  wasComposed: boolean
  byEncoding: boolean
  /** Files of this name, by path: places among what is listed. */
  files: Map<string, number> | null
}

interface Comparing {
  problems: Problems
  notes: Notes
  /** The option `encoding`, for notes. */
  encoding: string | null
  signal: AbortSignal
}

/**
 * Compares all paths of an archive. It sorts them so that similar names are neighbours, and so needs memory for one
 * path at a time. Refuses paths that occur twice. Notes names that differ by case, and names that were changed.
 *
 * @returns what is kept, in the archive's order
 */
export async function compareNames(
  listed: readonly ListedName[],
  { problems, notes, encoding, signal }: Comparing,
): Promise<ListedName[]> {
  const keys = listed.map(({ path }) => path.toLowerCase().replaceAll('/', '\0'))
  const order = await orderOf(
    listed.length,
    (a, b) =>
      compare(keys[a]!, keys[b]!) ||
      compare(listed[a]!.path, listed[b]!.path) ||
      Number(listed[a]!.isFolder) - Number(listed[b]!.isFolder),
    signal,
  )
  const refused = new Set<number>()
  const refuse = (index: number, message: string, fix: string) => {
    refused.add(index)
    problems.add('file', { path: listed[index]!.path, code: 'PATH_TWICE', message, fix })
  }
  const refuseTwice = (index: number, first: number) => {
    const forms = [listed[first]!, listed[index]!].map(({ original, path }) => escaped(original ?? path))
    if (forms[0] === forms[1]) refuse(index, 'the archive holds this path more than once', 'Pack it once.')
    else
      refuse(
        index,
        `the archive holds this path in two Unicode forms, ${forms.join(' and ')}`,
        'Rename one of the two files.',
      )
  }
  const tell = ({ path, original, wasComposed, byEncoding }: Node) => {
    if (original !== null)
      notes.add('RENAMED_UNICODE', wasComposed ? `${path} (it stands there in two forms, which are one now)` : path)
    if (byEncoding) notes.add('ENCODING', `${path} (by ${encoding})`)
  }
  /** From the top down to the path at hand. */
  const nodes: Node[] = []
  for (const [step, index] of order.entries()) {
    if (step % entriesPerTurn === 0) await yieldToEventLoop(signal)
    const { path, original, isFolder, byEncoding } = listed[index]!
    const folded = keys[index]!.split('\0')
    const [parts, originals] = [path.split('/'), original?.split('/')]
    let shared = 0
    while (shared < nodes.length && shared < folded.length && nodes[shared]!.folded === folded[shared]) shared++
    for (const node of nodes.splice(shared).reverse()) tell(node)

    let [differs, end] = [false, -1]
    for (const [depth, part] of parts.entries()) {
      end += part.length + 1
      const prefix = path.slice(0, end)
      const changed = originals !== undefined && originals[depth] !== part ? originals[depth]! : null
      const node = nodes[depth] ?? {
        folded: folded[depth]!,
        path: prefix,
        others: null,
        original: null,
        wasComposed: false,
        byEncoding: false,
        files: null,
      }
      nodes[depth] = node
      if (node.path !== prefix && !differs && !(node.others?.has(prefix) ?? false)) {
        notes.add('DIFFERS_BY_CASE', `${node.path} / ${prefix}`)
        ;(node.others ??= new Set()).add(prefix)
      }
      differs ||= node.path !== prefix
      node.original ??= changed
      node.wasComposed ||= changed === null && /[^\x20-\x7f]/.test(part)
      node.byEncoding ||= byEncoding && /[^\x20-\x7f]/.test(part)
      const isItself = depth === parts.length - 1
      const file = node.files?.get(prefix)
      if (file === undefined) {
        if (isItself && !isFolder) (node.files ??= new Map()).set(path, index)
        continue
      }
      if (isItself && !isFolder) refuseTwice(index, file)
      else
        refuse(
          index,
          `the archive holds ${JSON.stringify(prefix)} both as a file and as a folder`,
          'Rename one of the two.',
        )
      break
    }
  }
  for (const node of nodes.reverse()) tell(node)
  const folders = new Set<string>()
  return listed.filter(({ path, isFolder }, index) => {
    if (refused.has(index)) return false
    if (!isFolder) return true
    const isNew = !folders.has(path)
    folders.add(path)
    return isNew
  })
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Unicode forms look alike, so characters beyond ASCII are shown as their numbers. */
const escaped = (path: string): string =>
  `"${path.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)}"`
