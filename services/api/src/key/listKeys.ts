import type { apiKeySummary } from '@imclr/contract'
import { listKeys as readKeys } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { pageOf, type Page, type PageRequest } from '../request/page.js'
import { shownKey } from './shownKey.js'

export async function listKeys(
  { database, caller }: Call,
  input: PageRequest,
): Promise<Page<z.infer<typeof apiKeySummary>>> {
  return pageOf(input, (slice) => readKeys(database.queries, { projectId: caller.projectId, ...slice }), shownKey)
}
