import { z } from 'zod'
import { Failure } from './failure.js'

/** A process's environment, not yet checked. */
export type Variables = Record<string, string | undefined>

/** Variables with secrets. A secret may come as a file (Docker, Kubernetes), which `<NAME>_FILE` names. */
const secrets = ['DATABASE_URL', 'QUEUE_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'IMCLR_SIGNING_KEY']

/**
 * Parses a process's environment with a schema. Also returns all variables, with the secrets that came as files.
 * Throws Failure BAD_INPUT, which names every wrong variable.
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
