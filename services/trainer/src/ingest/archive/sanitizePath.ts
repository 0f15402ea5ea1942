import type { Issue } from '@imclr/contract'

export type SanitizedPath =
  | { kind: 'use'; path: string }
  /** The top folder itself ('./'): nothing to report. */
  | { kind: 'root' }
  /** `root`: the path up to the first part that is litter, with a slash where more follows in it. */
  | { kind: 'litter'; root: string }
  | { kind: 'unsafe'; issue: Issue }

/**
 * Files and folders that operating systems, file servers and tools leave behind, in small letters. Hidden ones (with a
 * dot) are litter too.
 */
const litter = new Set([
  '__macosx',
  'icon\r',
  'network trash folder',
  'temporary items', // macOS
  'thumbs.db',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'desktop.ini',
  '$recycle.bin',
  'recycler',
  'system volume information', // Windows
  '@eadir',
  '#recycle',
  '@__thumb',
  'lost+found', // file servers, Linux
  '__pycache__',
])
const isLitter = (part: string): boolean => part.startsWith('.') || litter.has(part.toLowerCase())

/** Characters of a whole path. */
const maxPathLength = 1024

/** Cleans a path from an archive, or says why it is not used: it leads out of the archive, or it is litter. */
export function sanitizePath(raw: string): SanitizedPath {
  const unsafe = (code: string, message: string, fix: string): SanitizedPath => ({
    kind: 'unsafe',
    issue: { path: printable(raw), code, message, fix },
  })
  if (raw.length > maxPathLength)
    return unsafe('PATH_TOO_LONG', `its path has more than ${maxPathLength} characters`, 'Use shorter names.')
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.')
  if (/\p{Cc}/u.test(raw.replaceAll(/icon\r(?=\/|$)/gi, '')))
    return unsafe('BAD_NAME', 'its path has control characters', 'Rename it.')
  if (raw.includes('\\'))
    return unsafe(
      'BACKSLASH',
      'its path has a backslash',
      "Pack with '/' between folders, as the zip format asks; rename files that have a backslash in their name.",
    )
  if (raw.startsWith('/') || /^[A-Za-z]:/.test(raw))
    return unsafe('ABSOLUTE_PATH', 'its path is absolute', 'Pack with paths relative to the data folder.')
  if (parts.includes('..')) return unsafe('PATH_TRAVERSAL', 'its path leaves the folder', "Pack without '..' in paths.")
  if (parts.length === 0) return { kind: 'root' }
  const first = parts.findIndex(isLitter)
  if (first !== -1)
    return { kind: 'litter', root: parts.slice(0, first + 1).join('/') + (first + 1 < parts.length ? '/' : '') }
  const path = parts.join('/')
  return { kind: 'use', path: path === raw ? raw : path } // the same text is held once
}

/** At most 200 characters, none of them control characters. */
export const printable = (raw: string): string => raw.slice(0, 200).replace(/\p{Cc}/gu, '\ufffd')
