import { z } from 'zod'
import { Failure } from './failure.js'

/** A process's environment, as it is given. */
export type Variables = Record<string, string | undefined>

/** Secrets may come as files (Docker, Kubernetes): `<NAME>_FILE` names one. */
const secrets = ['DATABASE_URL', 'QUEUE_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'IMCLR_SIGNING_KEY']

/**
 * What a schema makes of a process's environment, and all its variables with the secrets that came as files.
 * Throws Failure BAD_INPUT that names every variable that is wrong.
 */
export function readEnvironment<T>(
  schema: z.ZodType<T>,
  { given, readFile }: { given: Variables; readFile: (path: string) => string },
): T & { variables: Variables } {
  const variables = { ...given }
  for (const name of secrets) {
    const path = given[`${name}_FILE`]
    if (path !== undefined && given[name] === undefined) variables[name] = readFile(path).trim()
  }
  const parsed = schema.safeParse(variables)
  if (!parsed.success) throw new Failure('BAD_INPUT', `the environment is not right:\n${z.prettifyError(parsed.error)}`)
  return { ...parsed.data, variables }
}
