import {
  collected,
  collectLater,
  forgetAnswers,
  forgetUploads,
  giveUpUpload,
  listCollectable,
  listExpiredUploads,
} from '@imclr/database'
import { keys } from '@imclr/storage'
import type { ApiParts } from '../parts.js'

export type SweepParts = Pick<ApiParts, 'database' | 'store' | 'log' | 'clock'>

const day = 86_400_000
const atOnce = 100

/**
 * Clears away what nobody needs: uploads that were never completed, objects that records let go of, answers kept for
 * idempotency keys for a day, records of closed uploads for a month. Several processes may sweep at once; whatever fails is tried again by the next sweep.
 */
export async function sweep(
  parts: SweepParts,
): Promise<{ uploads: number; prefixes: number; answers: number; records: number }> {
  const {
    database: { queries },
    clock,
  } = parts
  const daysAgo = (days: number) => new Date(clock().getTime() - days * day)
  return {
    uploads: await giveUpExpired(parts),
    prefixes: await collectObjects(parts),
    answers: await forgetAnswers(queries, daysAgo(1)),
    records: await forgetUploads(queries, daysAgo(30)),
  }
}

async function giveUpExpired({ database, store, log, clock }: SweepParts): Promise<number> {
  const expired = await listExpiredUploads(database.queries, { now: clock(), limit: atOnce })
  let count = 0
  for (const { id, projectId, objectKey, multipartId } of expired) {
    try {
      // The store first: the record is what reminds us.
      await store.abortMultipart({ key: objectKey, multipartId })
      const row = await database.transaction((tx) =>
        giveUpUpload(tx, { uploadId: id, prefix: keys.uploadPrefix(projectId, id) }),
      )
      if (row !== undefined) count++
    } catch (error) {
      log.warn({ err: error, uploadId: id }, 'an expired upload stays for the next sweep')
    }
  }
  return count
}

async function collectObjects({ database, store, log, clock }: SweepParts): Promise<number> {
  let count = 0
  for (const prefix of await listCollectable(database.queries, { now: clock(), limit: atOnce })) {
    try {
      await store.deletePrefix(prefix)
      await collected(database.queries, prefix)
      count++
    } catch (error) {
      log.warn({ err: error, prefix }, 'objects stay for a later sweep')
      await collectLater(database.queries, {
        prefix,
        error: error instanceof Error ? error.message : String(error),
        dueAt: new Date(clock().getTime() + 10 * 60_000),
      })
    }
  }
  return count
}
