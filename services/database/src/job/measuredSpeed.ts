import { median } from '@imclr/statistics'
import { type TrainingSpec } from '@imclr/contract'
import { desc, sql } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { model } from '../schema.js'

/**
 * Multiply-adds per second that trainings reached here lately: the median of those with the same network and precision,
 * else of those with the same precision. Null where there was none.
 */
export async function measuredSpeed(
  queries: Queries,
  { network, precision }: Pick<TrainingSpec, 'network' | 'precision'>,
): Promise<number | null> {
  const rows = await queries
    .select({
      network: sql<string>`${model.manifest} ->> 'network'`,
      precision: sql<string>`${model.manifest} -> 'spec' ->> 'precision'`,
      speed: sql<number>`(${model.manifest} ->> 'multiplyAddsPerSecond')::float8`,
    })
    .from(model)
    .orderBy(desc(model.createdAt))
    .limit(20)
  const usable = rows.filter((row) => row.speed > 0 && row.precision === precision)
  const same = usable.filter((row) => row.network === network)
  return median((same.length > 0 ? same : usable).map(({ speed }) => speed)) ?? null
}
