import { mkdtemp, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { diskFull, Failure, isNoSpace, splits } from '@imclr/contract'
import type { Picture, PrepareJobFile, Progress } from '@imclr/contract'
import { openArchive } from '../ingest/archive/openArchive.js'
import { Spool } from '../ingest/archive/spool.js'
import { Decoded } from '../ingest/decode/decoded.js'
import { decodeItems } from '../ingest/decode/decodeItems.js'
import { decodeRecords } from '../ingest/decode/decodeRecords.js'
import { chooseSize, measureItems } from '../ingest/decode/measureItems.js'
import { notePictures } from '../ingest/duplicates/notePictures.js'
import { removeDuplicates } from '../ingest/duplicates/removeDuplicates.js'
import { settleNearDuplicates } from '../ingest/duplicates/settleNearDuplicates.js'
import { detectLayout } from '../ingest/layout/detectLayout.js'
import { Notes } from '../ingest/notes.js'
import { Problems } from '../ingest/problems.js'
import { progressMeter } from '../ingest/progressMeter.js'
import { checkClasses, splitItems } from '../ingest/splitItems.js'
import { findStoredSet } from '../ingest/stored/findStoredSet.js'
import { writeStoredSet } from '../ingest/stored/writeStoredSet.js'
import { writeVersion } from '../ingest/version/writeVersion.js'
import { loadingProgress } from '../events/emitter.js'
import type { JobContext } from './jobContext.js'

/**
 * Runs a prepare job: turns an uploaded archive into an immutable, checked, packed version of a data set.
 *
 * It writes nothing to the store before the upload has passed every check, and writes the manifest last. It keeps in
 * memory one small entry per image, one shard, and the few pictures that are being decoded.
 *
 * @throws Failure ARCHIVE_UNREADABLE, ARCHIVE_UNSAFE, DATASET_INVALID (every problem in `issues`), DATASET_TOO_LARGE,
 *   DISK_FULL, STORE_UNAVAILABLE, CANCELED; the signal's reason where it carries one of its own
 */
export async function prepare(job: PrepareJobFile, context: JobContext): Promise<void> {
  const { manifestKey, manifestSha256 } = await prepareVersion(job, context)
  context.emitter.emit({ type: 'output', manifestKey, manifestSha256, endedEarly: null })
}

async function prepareVersion(
  job: PrepareJobFile,
  { store, emitter, control: { signal }, workDir }: JobContext,
): Promise<{ manifestKey: string; manifestSha256: string }> {
  const { options, uploadKey, uploadName, outputPrefix, maxBytes, maxImages } = job
  const { progress } = emitter
  const folder = await mkdtemp(join(workDir, 'prepare-'))
  const problems = new Problems()
  const notes = new Notes()
  const meter = (phase: Progress['phase'], total: number) =>
    progressMeter({ phase, total, unit: 'images', progress, now: () => performance.now() })
  try {
    const limits = { maxBytes, maxEntries: 2 * maxImages + 10_000 }
    await using spool = new Spool(folder, maxBytes)
    await using archive = await openArchive({
      store,
      key: uploadKey,
      name: uploadName,
      encoding: options.encoding,
      folder,
      limits,
      problems,
      notes,
      spool,
      signal,
      onBytes: loadingProgress(emitter),
    })

    const stored = await findStoredSet(archive)
    if (stored !== null) {
      problems.refuse(options.onProblem)
      const onDone = meter('preparing', stored.corruptions.length * stored.severities * stored.labels.length)
      return await writeStoredSet({ job, store, folder, archive, found: stored, notes, signal, onDone })
    }
    const found = await detectLayout({ archive, options, problems, notes, spool, maxImages })
    const { items, pixels } = found
    if (items.length > maxImages)
      throw new Failure(
        'DATASET_TOO_LARGE',
        `${uploadName} has ${items.length} images; the limit maxImages is ${maxImages}`,
      )

    const measured = meter('loading', items.length)
    const headers =
      pixels.kind === 'records'
        ? null
        : await measureItems({ files: pixels.files, items, problems, signal, onDone: () => measured(1) })
    const size = chooseSize(
      options.imageSize,
      pixels.kind === 'records' ? pixels.blocks.map(({ grid }) => grid) : headers!,
    )
    const picture: Picture = { ...size, fit: options.fit, kernel: 'lanczos3' }

    using decoded = new Decoded(items.length, size, join(folder, 'pixels'))
    const decoding = { items, picture, decoded, problems, signal, onDone: meter('preparing', items.length) }
    if (pixels.kind === 'records') await decodeRecords({ ...decoding, blocks: pixels.blocks })
    else await decodeItems({ ...decoding, files: pixels.files, headers: headers!, onDone: () => decoding.onDone(1) })

    const drawn = splitItems(found, (index) => decoded.usable(index), options)
    const { splits: distinct, removed } = removeDuplicates(drawn, decoded)
    const yieldToEventLoop = async () => {
      signal.throwIfAborted()
      decoding.onDone(0)
      await new Promise(setImmediate)
    }
    const { splits: splitIndices, near } = await settleNearDuplicates(distinct, {
      decoded,
      choice: options.nearDuplicates,
      problems,
      pathOf: (index) => items[index]!.path,
      yieldToEventLoop,
    })
    checkClasses(found, { splits: splitIndices, usable: (index) => decoded.usable(index), problems })
    problems.refuse(options.onProblem)
    notePictures({
      drawn,
      removed,
      near,
      decoded,
      headers,
      notes,
      pathOf: (index) => items[index]!.path,
      labelOf: (index) => items[index]!.label,
      classes: found.classes,
    })
    const { issues: skipped, count: skippedCount } = problems.skipped
    for (const [i, { path, message }] of skipped.entries())
      notes.add('SKIPPED', `${path} (${message})`, i === 0 ? 1 + skippedCount - skipped.length : 1)

    const onDone = meter(
      'exporting',
      splits.reduce((sum, name) => sum + splitIndices[name].length, 0),
    )
    return await writeVersion({
      job,
      store,
      folder,
      archive,
      detected: found,
      headers,
      picture,
      decoded,
      splitIndices,
      removed,
      near,
      problems,
      notes,
      signal,
      onDone,
    })
  } catch (error) {
    // Without a manifest nobody takes these objects for a version. Garbage collection removes later what cannot be
    // deleted now.
    await store.deletePrefix(outputPrefix).catch(() => undefined)
    throw ending(error, signal, workDir)
  } finally {
    await rm(folder, { recursive: true, force: true })
    emitter.emit({ type: 'noted', notes: notes.list }) // for accepted and for refused uploads
  }
}

function ending(error: unknown, signal: AbortSignal, workDir: string): unknown {
  if (error instanceof Failure) return error
  if (isNoSpace(error))
    return diskFull('the unpacked upload and its pixels', { host: hostname(), folder: workDir }, error)
  if (!signal.aborted) return error
  const reason: unknown = signal.reason
  return reason instanceof Error && reason.name !== 'AbortError'
    ? reason
    : new Failure('CANCELED', 'preparing was cancelled', { cause: error })
}
