import { createGunzip } from 'node:zlib'
import { Failure } from '@imclr/contract'
import { DamagedFile } from '../archive/archive.js'
import { sniff, sniffBytes } from '../archive/sniff.js'
import type { ArrayContent, Content } from '../archive/sniff.js'
import { inflated } from '../archive/spool.js'
import type { OpenFile } from '../archive/spool.js'
import { unfit } from '../problems.js'
import { noteBeside } from './noteBeside.js'
import type { SurveyContext } from './survey.js'

/** A file that holds many pictures, or their labels. */
export interface Container {
  /** Without the ending .gz. */
  path: string
  file: OpenFile
}

/** An honest data set has a few dozen; each is unpacked to be looked at. */
const maxFiles = 2000

const arrayContents: readonly Content[] = ['parquet', 'matlab', 'numpy', 'idx', 'pickle'] satisfies ArrayContent[]
const isArrayContent = (content: Content): content is ArrayContent => arrayContents.includes(content)

/**
 * Opens the files of an upload whose largest file, unpacked if it is gzipped, holds many pictures: those of its kind, by path.
 * Other files beside them (a readme, a licence) are noted. Null where the largest file is something else.
 */
export async function openContainers({
  archive,
  spool,
  notes,
}: Pick<SurveyContext, 'archive' | 'spool' | 'notes'>): Promise<{ kind: ArrayContent; files: Container[] } | null> {
  const kindOf = async (file: OpenFile) => sniff(await file.read(0, Math.min(sniffBytes, file.bytes)))
  const unpacked = new Map<number, { path: string; file: OpenFile; kind: Content }>()
  const open = async (index: number) => {
    const { path } = archive.files[index]!
    const stored = await archive.open(index)
    if ((await kindOf(stored)) !== 'gzip') return { path, file: stored, kind: await kindOf(stored) }
    const file = await readIn(path, () => spool.write(inflated(stored, createGunzip()), { from: stored.bytes }))
    return { path: path.replace(/\.gz$/i, ''), file, kind: await kindOf(file) }
  }
  const largest = archive.files.reduce(
    (most, { bytes }, index) => (bytes > (archive.files[most]?.bytes ?? 0) ? index : most),
    -1,
  )
  if (largest === -1) return null
  // A file that the archive itself has damaged may be a picture: then it is told of as one.
  const first = await open(largest).catch((error: unknown) =>
    error instanceof DamagedFile ? null : Promise.reject(error as Error),
  )
  if (first === null || !isArrayContent(first.kind)) return null
  unpacked.set(largest, first)
  if (archive.files.length > maxFiles)
    throw unfit({
      path: first.path,
      code: 'TOO_MANY_FILES',
      message: `an upload of ${first.kind} files has at most ${maxFiles} files; this one has ${archive.files.length}`,
      fix: 'Pack what belongs to the data set alone, or put its parts together.',
    })
  for (const [index, { path, bytes }] of archive.files.entries()) {
    if (bytes > 0 && index !== largest) unpacked.set(index, await readIn(path, () => open(index)))
  }
  noteBeside(
    archive.files.flatMap(({ path }, index) => (unpacked.get(index)?.kind === first.kind ? [] : [path])),
    notes,
  )
  const files = [...unpacked.values()]
    .filter(({ kind }) => kind === first.kind)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return { kind: first.kind, files }
}

/**
 * What is wrong with a file's bytes is told as the file's problem; so is what a reader stumbles over unexpectedly (V8's own errors), since
 * that comes of the bytes too and would come again at every attempt. Its cause stays with it for the log.
 * @throws Failure DATASET_INVALID
 */
export async function readIn<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): unknown {
  const stumbled =
    (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) &&
    !/allocation failed/i.test(error.message)
  if (!(error instanceof DamagedFile || stumbled)) return error
  const message = stumbled ? `it cannot be read (${error.message})` : error.message
  const issue = { path, code: 'DAMAGED', message, fix: 'Take it anew from where it was published, or write it again.' }
  return stumbled
    ? new Failure('DATASET_INVALID', `${path}: ${message}`, { issues: [issue], cause: error })
    : unfit(issue)
}
