import { Failure, mayFollow, type ArtifactManifest, type FailureRecord, type JobState } from '@imclr/contract'
import { and, eq } from 'drizzle-orm'
import type { Database, Queries } from '../database.js'
import { datasetVersion, job, model, version, type StoredVersionSummary } from '../schema.js'
import { collectPrefixes } from '../tables/collect.js'
import { appendEvents, logEvent, type JobRow } from '../tables/job.js'
import { lockFenced, type Fence } from './lease.js'

export type Result =
  | { kind: 'model'; id: string; manifest: ArtifactManifest; bytes: number }
  | { kind: 'version'; id: string; summary: StoredVersionSummary; bytes: number }
  /** An evaluation has no row: its id is the job's, and its files are the attempt's. */
  | { kind: 'evaluation'; id: string }

export interface Finish {
  state: 'succeeded' | 'failed' | 'canceled' | 'timed_out'
  failure: FailureRecord | null
  endedEarly: JobRow['endedEarly']
  /** The result's files lie under the attempt's output prefix, and have been verified. */
  result: Result | null
  secondsSpent: number
  /** The end of the trainer's log, where it helps to understand a failure. */
  log: string | null
  /** Prefixes of objects that nobody needs once the job has ended. */
  leftovers: string[]
}

/**
 * Ends a job in one transaction: stores its state, result and last event, and collects what it leaves behind. Throws
 * Failure CONFLICT where the attempt was superseded.
 */
export function finishJob(database: Database, fence: Fence, finish: Finish): Promise<void> {
  return database.transaction(async (tx) => {
    const row = await lockFenced(tx, fence)
    const { state, failure, endedEarly, result } = finish
    // A trainer may end before its first line is stored; such a job counts as one that ran.
    if (!mayFollow(row.state, state) && !mayFollow('running', state))
      throw new Failure('INTERNAL', `${row.state} cannot become ${state}`)
    const resultPrefix = result === null ? null : await insertResult(tx, row, { result, endedEarly })
    const ids = {
      modelId: result?.kind === 'model' ? result.id : null,
      versionId: result?.kind === 'version' ? result.id : null,
    }
    await tx
      .update(job)
      .set({
        ...endedColumns(state),
        failure,
        endedEarly,
        secondsSpent: row.secondsSpent + finish.secondsSpent,
        ...(result?.kind === 'model'
          ? { modelId: result.id }
          : result?.kind === 'version'
            ? { versionId: result.id }
            : {}),
      })
      .where(eq(job.id, row.id))
    const leftovers = [
      ...finish.leftovers,
      ...(result !== null && resultPrefix !== row.outputPrefix ? [row.outputPrefix!] : []),
    ]
    await collectPrefixes(tx, leftovers)
    await appendEvents(tx, { ...fence, lastEvent: row.lastEvent, time: new Date() }, [
      ...logEvent(finish.log),
      { line: null, event: { type: 'finished', state, ...ids, failure } },
    ])
  })
}

/** The columns that every job gets when it ends. */
export const endedColumns = (state: JobState) => ({
  state,
  finishedAt: new Date(),
  leaseOwner: null,
  leaseUntil: null,
  runner: null,
  waitingFor: null,
  notBefore: null,
})

/**
 * Inserts the row of a model or a version and gives the prefix of its objects. Where the version exists already, that
 * is the prefix of the earlier attempt.
 */
async function insertResult(
  tx: Queries,
  row: JobRow,
  { result, endedEarly }: Pick<Finish, 'endedEarly'> & { result: Result },
): Promise<string> {
  const prefix = row.outputPrefix!
  if (result.kind === 'model') {
    const { id, manifest, bytes } = result
    await tx
      .insert(model)
      .values({
        id,
        projectId: row.projectId,
        jobId: row.id,
        datasetId: row.datasetId,
        versionId: manifest.versionId,
        name: row.name ?? manifest.name,
        prefix,
        manifest,
        endedEarly,
        bytes,
      })
    return prefix
  }
  if (result.kind === 'evaluation') return prefix
  const { id, summary, bytes } = result
  await tx.insert(version).values({ id, projectId: row.projectId, prefix, summary, bytes }).onConflictDoNothing()
  const [stored] = await tx
    .select({ prefix: version.prefix })
    .from(version)
    .where(and(eq(version.id, id), eq(version.projectId, row.projectId)))
    .for('update')
  if (stored === undefined)
    throw new Failure(
      'ARTIFACT_INVALID',
      `the version id ${id} belongs to another project; the trainer made it of something else than project and content`,
    )
  await tx.insert(datasetVersion).values({ datasetId: row.datasetId, versionId: id }).onConflictDoNothing()
  return stored.prefix
}
