import type { project } from '@imclr/contract'
import { listProjects as readProjects } from '@imclr/database'
import type { z } from 'zod'
import type { Call } from '../request/context.js'
import { pageOf, type Page, type PageRequest } from '../request/page.js'
import { shownProject } from './currentProject.js'

export async function listProjects({ database }: Call, input: PageRequest): Promise<Page<z.infer<typeof project>>> {
  return pageOf(input, (slice) => readProjects(database.queries, slice), shownProject)
}
