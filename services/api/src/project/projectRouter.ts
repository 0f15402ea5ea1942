import { page, project } from '@imclr/contract'
import { nothing, pages } from '../request/inputs.js'
import { by, governing, reading, router } from '../request/procedure.js'
import { createProject, createProjectRequest, newProject } from './createProject.js'
import { currentProject } from './currentProject.js'
import { listProjects } from './listProjects.js'

export const projectRouter = router({
  current: reading.input(nothing).output(project).query(by(currentProject)),
  create: governing.input(createProjectRequest).output(newProject).mutation(by(createProject)),
  list: governing.input(pages).output(page(project)).query(by(listProjects)),
})
