import { Failure } from '@imclr/contract'

interface Schema<Value> {
  safeParse(
    stored: unknown,
  ): { success: true; data: Value } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } }
}

/**
 * Parses what a jsonb column holds: an earlier release may have written it. Fields that it lacks get their defaults.
 * Throws Failure INTERNAL where it is not valid.
 *
 * @param what such as `spec of job job_1`
 */
export function parseStored<Value>(schema: Schema<Value>, stored: unknown, what: string): Value {
  const parsed = schema.safeParse(stored)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`)
  throw new Failure('INTERNAL', `the stored ${what} cannot be read: ${issues.join('; ')}`)
}
