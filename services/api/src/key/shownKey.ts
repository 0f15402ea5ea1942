import type { apiKeySummary } from '@imclr/contract'
import type { KeyRow } from '@imclr/database'
import type { z } from 'zod'

export function shownKey(row: KeyRow): z.infer<typeof apiKeySummary> {
  const { id, name, prefix, scopes } = row
  const time = (date: Date | null): string | null => date?.toISOString() ?? null
  return {
    id,
    name,
    prefix,
    scopes,
    createdAt: row.createdAt.toISOString(),
    expiresAt: time(row.expiresAt),
    lastUsedAt: time(row.lastUsedAt),
    revokedAt: time(row.revokedAt),
  }
}
