import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { dataset } from '../schema.js'

/** The data set of that name in the project, made of the row where there is none yet; held until the transaction ends. */
export async function nameDataset(tx: Queries, row: typeof dataset.$inferInsert): Promise<typeof dataset.$inferSelect> {
  await tx
    .insert(dataset)
    .values(row)
    .onConflictDoNothing({ target: [dataset.projectId, dataset.name] })
  const [named] = await tx
    .select()
    .from(dataset)
    .where(and(eq(dataset.projectId, row.projectId), eq(dataset.name, row.name)))
    .for('update')
  return named!
}
