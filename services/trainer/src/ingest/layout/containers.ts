import { createGunzip } from 'node:zlib'
import { DamagedFile } from '../archive/archive.js'
import type { OpenFile } from '../archive/archive.js'
import { sniff, sniffBytes } from '../archive/sniff.js'
import { dataFormatOf } from '../dataFormats.js'
import type { DataFormat } from '../dataFormats.js'
import { inflated } from '../archive/spool.js'
import { unfit } from '../problems.js'
import { readIn } from './readIn.js'
import { noteBeside } from './noteBeside.js'
import type { LayoutContext } from './detectedLayout.js'

/** A file that holds many pictures, or their labels. */
export interface Container {
  /** Without the ending .gz. */
  path: string
  file: OpenFile
}

/** An honest data set has a few dozen; each is unpacked to be looked at. */
const maxFiles = 2000

/**
 * Opens the files of an upload whose largest file, unpacked if it is gzipped, holds many pictures: those of its kind,
 * by path. Other files beside them (a readme, a licence) are noted. Null where the largest file is something else.
 */
export async function openContainers({
  archive,
  spool,
  notes,
}: Pick<LayoutContext, 'archive' | 'spool' | 'notes'>): Promise<{ format: DataFormat; files: Container[] } | null> {
  const headOf = (file: OpenFile) => file.read(0, Math.min(sniffBytes, file.bytes))
  const unpacked = new Map<number, { path: string; file: OpenFile; format: DataFormat | null }>()
  const open = async (index: number) => {
    const { path } = archive.files[index]!
    const stored = await archive.open(index)
    const head = await headOf(stored)
    if (sniff(head) !== 'gzip') return { path, file: stored, format: dataFormatOf(head) }
    const file = await readIn(path, () => spool.write(inflated(stored, createGunzip()), { from: stored.bytes }))
    return { path: path.replace(/\.gz$/i, ''), file, format: dataFormatOf(await headOf(file)) }
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
  if (!first?.format) return null
  const { format } = first
  unpacked.set(largest, first)
  if (archive.files.length > maxFiles)
    throw unfit({
      path: first.path,
      code: 'TOO_MANY_FILES',
      message: `an upload of ${format.name} files has at most ${maxFiles} files; this one has ${archive.files.length}`,
      fix: 'Pack what belongs to the data set alone, or put its parts together.',
    })
  for (const [index, { path, bytes }] of archive.files.entries()) {
    if (bytes > 0 && index !== largest) unpacked.set(index, await readIn(path, () => open(index)))
  }
  noteBeside(
    archive.files.flatMap(({ path }, index) => (unpacked.get(index)?.format === format ? [] : [path])),
    notes,
  )
  const files = [...unpacked.values()]
    .filter((file) => file.format === format)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return { format, files }
}
