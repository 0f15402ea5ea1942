import { and, eq } from 'drizzle-orm'
import type { Queries } from '../database.js'
import { model } from '../schema.js'
import type { ModelRow } from './findModel.js'

export async function setModelPublic(
  queries: Queries,
  { projectId, modelId, isPublic }: { projectId: string; modelId: string; isPublic: boolean },
): Promise<ModelRow | undefined> {
  const [row] = await queries
    .update(model)
    .set({ public: isPublic })
    .where(and(eq(model.id, modelId), eq(model.projectId, projectId)))
    .returning()
  return row
}
