import { Failure, mayFollow, type ArtifactManifest, type FailureRecord, type JobState } from '@imclr/contract'
import { and, eq } from 'drizzle-orm'
import type { Database, Queries } from '../database.js'
import { collect, datasetVersion, job, model, version, type StoredVersionSummary } from '../schema.js'
import { appendEvents, logEvent } from './appendEvents.js'
import { lockFenced, type Fence, type JobRow } from './fence.js'

export type Result =
  | { kind: 'model'; id: string; manifest: ArtifactManifest; bytes: number }
  | { kind: 'version'; id: string; summary: StoredVersionSummary; bytes: number }
  /** It has no row of its own: the job is its name, and its files are the attempt's. */
  | { kind: 'evaluation'; id: string }

export interface Finish {
  state: 'succeeded' | 'failed' | 'canceled' | 'timed_out'
  failure: FailureRecord | null
  endedEarly: JobRow['endedEarly']
  /** Its files lie under the attempt's output prefix, and were verified. */
  result: Result | null
  secondsSpent: number
  /** The end of what the trainer wrote to its log, where that helps to understand a failure. */
  log: string | null
  /** Prefixes of objects that the job leaves behind and nobody needs. */
  leftovers: string[]
}

/** Ends a job: its state, its result, its last event and what is to be collected, all or nothing. Throws Failure CONFLICT. */
export function finishJob(database: Database, fence: Fence, finish: Finish): Promise<void> {
  return database.transaction(async (tx) => {
    const row = await lockFenced(tx, fence)
    const { state, failure, endedEarly, result } = finish
    // A trainer may be done before its first line was stored; the states still follow each other as they must.
    if (!mayFollow(row.state, state) && !mayFollow('running', state))
      throw new Failure('INTERNAL', `${row.state} cannot become ${state}`)
    const kept = result === null ? null : await register(tx, row, { result, endedEarly })
    const ids = {
      modelId: result?.kind === 'model' ? result.id : null,
      versionId: result?.kind === 'version' ? result.id : null,
    }
    await tx
      .update(job)
      .set({
        ...ended(state),
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
      ...(result !== null && kept !== row.outputPrefix ? [row.outputPrefix!] : []),
    ]
    await collectLeftovers(tx, leftovers)
    await appendEvents(tx, { ...fence, lastEvent: row.lastEvent, time: new Date() }, [
      ...logEvent(finish.log),
      { line: null, event: { type: 'finished', state, ...ids, failure } },
    ])
  })
}

export async function collectLeftovers(tx: Queries, prefixes: string[]): Promise<void> {
  if (prefixes.length > 0)
    await tx
      .insert(collect)
      .values(prefixes.map((prefix) => ({ prefix })))
      .onConflictDoNothing()
}

/** What every ended job's row looks like. */
export const ended = (state: JobState) => ({
  state,
  finishedAt: new Date(),
  leaseOwner: null,
  leaseUntil: null,
  runner: null,
  waitingFor: null,
  notBefore: null,
})

/** Makes the model's or version's row; gives the prefix that it lies under, another than the attempt's where the same version was there already. */
async function register(
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
