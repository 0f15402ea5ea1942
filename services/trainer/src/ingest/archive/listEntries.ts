import { Failure } from '@imclr/contract'
import type { Notes } from '../notes.js'
import { unfit } from '../problems.js'
import type { Problems } from '../problems.js'
import type { ArchiveLimits } from './archive.js'
import { entriesPerTurn, yieldToEventLoop } from './yieldToEventLoop.js'
import { compareNames } from './compareNames.js'
import { decodeNames } from './decodeNames.js'
import { sanitizePath } from './sanitizePath.js'
import type { RawEntry } from './rawEntry.js'

export interface ListedFile {
  path: string
  bytes: number
  /** Place among the entries. */
  entry: number
}

export interface Listed {
  files: ListedFile[]
  /** Those that have an entry, without a slash at their end, each once. */
  folders: string[]
  /** Files that are litter, and folders of it without files. */
  ignored: number
}

/** A path that is used, as the archive has it and as it became. */
export interface ListedName {
  entry: number
  path: string
  /** As it stands in the archive, where bringing it to NFC changed it. */
  original: string | null
  isFolder: boolean
  /** Whether the option `encoding` made it text. */
  byEncoding: boolean
}

interface Listing {
  encoding: string | null
  problems: Problems
  notes: Notes
  signal: AbortSignal
}

/**
 * What the entries of an archive, of whatever format, are as files and folders: names decoded, judged and brought to
 * NFC, litter left out, no path twice. What was done goes to `notes`, in an order that does not depend on the
 * archive's; what cannot be used to `problems`.
 *
 * @throws Failure DATASET_INVALID where names cannot be read at all: all else would follow from that
 */
export async function listEntries(
  entries: readonly RawEntry[],
  { encoding, problems, notes, signal }: Listing,
): Promise<Listed> {
  const decoded = decodeNames(entries, encoding)
  if ('code' in decoded) throw unfit(decoded)
  const { names, byEncoding } = decoded
  // Old programs of Windows write backslashes between folders, against the format. A backslash beside slashes is part
  // of a name.
  const byBackslash = !names.some((name) => name.includes('/')) && names.some((name) => name.includes('\\'))
  const litter = new Map<string, number>()
  const used: ListedName[] = []
  const renamed: string[] = []
  for (const [entry, name] of names.entries()) {
    if (entry % entriesPerTurn === 0) await yieldToEventLoop(signal)
    const { kind, target } = entries[entry]!
    const raw = byBackslash ? name.replaceAll('\\', '/') : name
    const isFolder = kind === 'folder' || (kind === 'file' && raw.endsWith('/'))
    const sanitized = sanitizePath(raw)
    switch (sanitized.kind) {
      case 'root':
        continue
      case 'unsafe':
        problems.add('unsafe', sanitized.issue)
        continue
      case 'litter': {
        const root = isFolder && !sanitized.root.endsWith('/') ? `${sanitized.root}/` : sanitized.root
        litter.set(root, (litter.get(root) ?? 0) + (isFolder ? 0 : 1))
        continue
      }
      case 'use':
    }
    const refusal = refusalOf(kind, target)
    if (refusal !== null) {
      problems.add(refusal.severity, { path: sanitized.path, ...refusal.issue })
      continue
    }
    const path = sanitized.path.normalize('NFC')
    used.push({
      entry,
      path,
      original: path === sanitized.path ? null : sanitized.path,
      isFolder,
      byEncoding: byEncoding.has(entry),
    })
    if (byBackslash && !isFolder && raw !== name) renamed.push(`${name} is ${path}`)
  }
  let ignored = 0
  for (const [root, files] of [...litter].sort(([a], [b]) => (a < b ? -1 : 1))) {
    notes.add('IGNORED_LITTER', root, Math.max(1, files))
    ignored += Math.max(1, files)
  }
  for (const example of renamed.sort()) notes.add('RENAMED_BACKSLASH', example)

  const kept = await compareNames(used, { problems, notes, encoding, signal })
  const files = kept.flatMap(({ entry, path, isFolder }) =>
    isFolder ? [] : [{ path, bytes: entries[entry]!.bytes, entry }],
  )
  return { files, folders: kept.flatMap(({ path, isFolder }) => (isFolder ? [path] : [])), ignored }
}

/** @throws Failure DATASET_TOO_LARGE */
export function checkBytes(
  files: readonly ListedFile[],
  { name, limits: { maxBytes } }: { name: string; limits: Pick<ArchiveLimits, 'maxBytes'> },
): void {
  if (files.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes)
    throw new Failure('DATASET_TOO_LARGE', `${name} unpacks to more than ${maxBytes} bytes, the limit maxBytes`)
}

/** Why an entry of a kind is not taken; null where it is. */
function refusalOf(kind: RawEntry['kind'], target: string | undefined) {
  switch (kind) {
    case 'file':
    case 'folder':
      return null
    case 'symbolic link':
    case 'hard link':
      return {
        severity: 'unsafe' as const,
        issue: {
          code: 'LINK',
          message: `it is a ${kind}${target === undefined ? '' : ` to ${JSON.stringify(target)}`}`,
          fix: 'Pack with links followed (tar -h --hard-dereference; zip without -y), or leave them out.',
        },
      }
    case 'sparse file':
      return {
        severity: 'file' as const,
        issue: {
          code: 'SPARSE_FILE',
          message: 'it is packed as a sparse file',
          fix: 'Pack without the option for sparse files (tar without -S).',
        },
      }
    case 'special file':
      return {
        severity: 'unsafe' as const,
        issue: {
          code: 'SPECIAL_FILE',
          message: 'it is neither a file nor a folder (a device, a pipe)',
          fix: 'Leave it out.',
        },
      }
  }
}
