import type { ProbeResult } from '@imclr/contract'
import { eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { probe } from '../schema.js'

/** Returns whether the machine of a scheduler was measured before. */
export async function hasProbe(queries: Queries, owner: string): Promise<boolean> {
  return (await queries.select({ owner: probe.owner }).from(probe).where(eq(probe.owner, owner))).length > 0
}

/** Stores what a probe measured. It replaces an earlier measurement of the same scheduler. */
export async function storeProbe(
  queries: Queries,
  owner: string,
  { multiplyAddsPerSecond, device }: ProbeResult,
): Promise<void> {
  const values = { multiplyAddsPerSecond, device, createdAt: new Date() }
  await queries
    .insert(probe)
    .values({ owner, ...values })
    .onConflictDoUpdate({ target: probe.owner, set: values })
}

/** Returns the multiply-adds per second that each scheduler's machine reached in its probe. */
export async function probedSpeeds(queries: Queries): Promise<number[]> {
  const rows = await queries.select({ speed: probe.multiplyAddsPerSecond }).from(probe)
  return rows.map(({ speed }) => speed)
}
