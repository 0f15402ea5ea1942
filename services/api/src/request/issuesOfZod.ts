import type { Issue } from '@imclr/contract'
import type { z } from 'zod'

type ZodIssue = z.core.$ZodIssue
const atMost = 100

/** The issues of an input, field by field, with a fix where the schema implies one. */
export function issuesOfZod(error: { issues: ZodIssue[] }): Issue[] {
  return error.issues.flatMap((issue) => issuesOf(issue, [])).slice(0, atMost)
}

function issuesOf(issue: ZodIssue, above: PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: dotted([...path, key]),
      code: issue.code,
      message: `Unknown key ${JSON.stringify(key)}`,
      fix: 'Remove it, or check its spelling',
    }))
  }
  // For a union, the issues of its likeliest member: the one with the fewest.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const [closest = []] = [...issue.errors].sort((a, b) => a.length - b.length)
    if (closest.length > 0) return closest.flatMap((inner) => issuesOf(inner, path))
  }
  const fix = fixOf(issue)
  return [{ path: dotted(path), code: issue.code, message: issue.message, ...(fix === undefined ? {} : { fix }) }]
}

function fixOf(issue: ZodIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `Send ${article(issue.expected)}`
    case 'invalid_value':
      return `Use ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'too_big':
      return `Use ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
    case 'too_small':
      return `Use ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
    case 'invalid_format':
      return issue.pattern === undefined ? `Send a valid ${issue.format}` : `It must match ${issue.pattern}`
    case 'not_multiple_of':
      return `Use a multiple of ${issue.divisor}`
    default:
      return undefined
  }
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`)

/** A path such as `spec.schedule.milestones[0]`. The input as a whole is `input`. */
function dotted(path: PropertyKey[]): string {
  if (path.length === 0) return 'input'
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`)).join('')
}
