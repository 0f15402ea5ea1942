import {
  deleteAnswersBefore,
  deleteCollected,
  deleteUploadsBefore,
  listCollectable,
  listExpiredUploads,
  markUploadAborted,
  postponeCollection,
} from '@imclr/database'
import { keys } from '@imclr/storage'
import type { ApiDependencies } from './dependencies.js'

export type SweepDependencies = Pick<ApiDependencies, 'database' | 'store' | 'log' | 'clock'>

const day = 86_400_000
const atOnce = 100

/**
 * Deletes what nobody needs: expired uploads, collected objects, answers to idempotency keys after a day, and rows of
 * closed uploads after a month. Several processes may sweep at once. The next sweep tries again what failed.
 */
export async function sweep(
  dependencies: SweepDependencies,
): Promise<{ uploads: number; prefixes: number; answers: number; records: number }> {
  const {
    database: { queries },
    clock,
  } = dependencies
  const daysAgo = (days: number) => new Date(clock().getTime() - days * day)
  return {
    uploads: await abortExpiredUploads(dependencies),
    prefixes: await collectObjects(dependencies),
    answers: await deleteAnswersBefore(queries, daysAgo(1)),
    records: await deleteUploadsBefore(queries, daysAgo(30)),
  }
}

async function abortExpiredUploads({ database, store, log, clock }: SweepDependencies): Promise<number> {
  const expired = await listExpiredUploads(database.queries, { now: clock(), limit: atOnce })
  let count = 0
  for (const { id, projectId, objectKey, multipartId } of expired) {
    try {
      // The store comes first: as long as the row says 'open', the next sweep tries again.
      await store.abortMultipart({ key: objectKey, multipartId })
      const row = await database.transaction((tx) =>
        markUploadAborted(tx, { uploadId: id, prefix: keys.uploadPrefix(projectId, id) }),
      )
      if (row !== undefined) count++
    } catch (error) {
      log.warn({ err: error, uploadId: id }, 'an expired upload stays for the next sweep')
    }
  }
  return count
}

async function collectObjects({ database, store, log, clock }: SweepDependencies): Promise<number> {
  let count = 0
  for (const prefix of await listCollectable(database.queries, { now: clock(), limit: atOnce })) {
    try {
      await store.deletePrefix(prefix)
      await deleteCollected(database.queries, prefix)
      count++
    } catch (error) {
      log.warn({ err: error, prefix }, 'objects stay for a later sweep')
      await postponeCollection(database.queries, {
        prefix,
        error: error instanceof Error ? error.message : String(error),
        dueAt: new Date(clock().getTime() + 10 * 60_000),
      })
    }
  }
  return count
}

/** Sweeps every `everySeconds` until it is stopped. `stop` waits for a running sweep. */
export function startSweep(
  dependencies: SweepDependencies,
  { everySeconds = 60 }: { everySeconds?: number } = {},
): { stop(): Promise<void> } {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()
  const later = (): void => {
    if (stopped) return
    timer = setTimeout(() => {
      current = once()
    }, everySeconds * 1000)
    timer.unref()
  }
  const once = async (): Promise<void> => {
    try {
      const swept = await sweep(dependencies)
      if (Object.values(swept).some((count) => count > 0)) dependencies.log.info(swept, 'swept')
    } catch (error) {
      dependencies.log.error({ err: error }, 'sweep failed')
    }
    later()
  }
  later()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await current
    },
  }
}
