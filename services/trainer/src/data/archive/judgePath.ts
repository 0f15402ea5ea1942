import type { Issue } from '@imclr/contract'

export type PathJudgement = { kind: 'use'; path: string } | { kind: 'ignore' } | { kind: 'unsafe'; issue: Issue }

/** What operating systems and tools leave behind in folders. */
const litter = new Set(['__macosx', 'thumbs.db', 'desktop.ini'])

const maxPathLength = 1024

/** Decides over a path as it stands in an archive: whether it stays inside, and whether it is meant as data at all. */
export function judgePath(raw: string): PathJudgement {
  const unsafe = (code: string, message: string, fix: string): PathJudgement => ({ kind: 'unsafe', issue: { path: printable(raw), code, message, fix } })
  if (raw.length > maxPathLength) return unsafe('PATH_TOO_LONG', `its path has ${raw.length} characters, at most ${maxPathLength} are taken`, 'Use shorter names.')
  if (/\p{Cc}/u.test(raw)) return unsafe('BAD_NAME', 'its path has control characters', 'Rename it.')
  if (raw.includes('\\')) return unsafe('BACKSLASH', 'its path has a backslash', "Pack with '/' between folders, as the zip format asks; rename files that have a backslash in their name.")
  if (raw.startsWith('/') || /^[A-Za-z]:/.test(raw)) return unsafe('ABSOLUTE_PATH', 'its path is absolute', 'Pack with paths relative to the data folder.')
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return unsafe('PATH_TRAVERSAL', 'its path leaves the folder', "Pack without '..' in paths.")
  if (parts.length === 0 || parts.some((part) => part.startsWith('.') || litter.has(part.toLowerCase()))) return { kind: 'ignore' }
  return { kind: 'use', path: parts.join('/') }
}

const printable = (raw: string): string => raw.slice(0, 200).replace(/\p{Cc}/gu, '\ufffd')
