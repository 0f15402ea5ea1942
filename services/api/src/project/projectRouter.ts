import { Failure, page, project } from '@imclr/contract'
import { findProject, listProjects } from '@imclr/database'
import { noInput, pageInput } from '../request/inputs.js'
import { paginate } from '../request/paginate.js'
import { instanceProcedure, readProcedure, resolve, router } from '../request/procedure.js'
import { createProject, createProjectRequest, newProject, toProject } from './projects.js'

export const projectRouter = router({
  current: readProcedure
    .input(noInput)
    .output(project)
    .query(async ({ ctx: { database, caller } }) => {
      const row = await findProject(database.queries, caller.projectId)
      if (row === undefined) throw new Failure('NOT_FOUND', `There is no project ${caller.projectId}`)
      return toProject(row)
    }),
  create: instanceProcedure.input(createProjectRequest).output(newProject).mutation(resolve(createProject)),
  list: instanceProcedure
    .input(pageInput)
    .output(page(project))
    .query(({ ctx, input }) => paginate(input, (slice) => listProjects(ctx.database.queries, slice), toProject)),
})
