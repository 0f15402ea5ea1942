/**
 * Prints the SDK's generated client: plain interfaces for the input and output of every procedure, and a table of the
 * procedures, from which the client is built at run time. The client imports nothing from the server.
 */
import type { z } from 'zod'
import { pascal, TypePrinter } from './printTypes.js'

interface Meta {
  yields?: z.ZodType
}
interface Procedure {
  _def: { type: string; inputs: unknown[]; output?: unknown; meta?: unknown }
}

export interface SdkSources {
  /** `appRouter._def.procedures`: the procedures by their dotted names. */
  procedures: Record<string, unknown>
  /** Schemas that keep their names. */
  schemas: Record<string, z.ZodType>
  /** Schemas of an artifact's files: no procedure mentions them, but users read them. */
  documents: string[]
  /** Other tables that the SDK needs, by the name of their constant. */
  constants: Record<string, Record<string, string>>
}

export function printSdk({ procedures, schemas, documents, constants }: SdkSources): string {
  const types = new TypePrinter(schemas)
  for (const name of documents) types.use(schemas[name]!, 'output')
  const domains = new Map<string, string[]>()
  const table: string[] = []
  const aliases: string[] = []
  for (const [name, procedure] of Object.entries(procedures).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { type, inputs, output, meta } = (procedure as Procedure)._def
    const [domain, verb] = name.split('.') as [string, string]
    const { yields } = (meta ?? {}) as Meta
    const input = inputs[0] ? types.use(inputs[0] as z.ZodType, 'input') : undefined
    const result = yields ? types.use(yields, 'output') : types.use(output as z.ZodType, 'output')
    const named = (role: string, printed: string): string => {
      if (!printed.startsWith('{')) return printed
      const alias = `${pascal(name)}${role}`
      aliases.push(`export type ${alias} = ${printed}`)
      return alias
    }
    const optional = inputs[0] && (inputs[0] as z.ZodType).safeParse({}).success ? '?' : ''
    const parameters = [
      ...(input ? [`input${optional}: ${named('Request', input)}`] : ['input?: undefined']),
      'options?: CallOptions',
    ]
    const answer = yields ? `AsyncIterable<${result}>` : named('Answer', result)
    domains.set(domain, [...(domains.get(domain) ?? []), `    ${verb}(${parameters.join(', ')}): Promise<${answer}>`])
    table.push(`  '${name}': { kind: '${type}'${yields ? ', stream: true' : ''} },`)
  }
  return [
    '// Generated from the router of the API by `npm run generate`. Do not edit: change the router or the contract and generate anew.',
    '',
    '/** Options of one call. */',
    'export interface CallOptions {\n  signal?: AbortSignal\n  /** For creates: the same key and body give the same answer. */\n  idempotencyKey?: string\n}',
    '',
    types.declarations(),
    '',
    ...aliases,
    '',
    '/** Every procedure of the service. */',
    'export interface Api {',
    ...[...domains].map(([domain, verbs]) => `  ${domain}: {\n${verbs.join('\n')}\n  }`),
    '}',
    '',
    ...Object.entries(constants).flatMap(([name, table]) => [
      `export const ${name} = {`,
      ...Object.entries(table).map(([key, value]) => `  ${key}: ${JSON.stringify(value)},`),
      '} as const',
      '',
    ]),
    'export const procedures = {',
    ...table,
    '} as const',
    '',
    'export type ProcedureName = keyof typeof procedures',
    '',
    '/** Makes the client out of one function that calls a procedure by its name. */',
    'export function buildApi(call: (name: ProcedureName, input: unknown, options?: CallOptions) => Promise<unknown>): Api {',
    '  const api: Record<string, Record<string, unknown>> = {}',
    '  for (const name of Object.keys(procedures) as ProcedureName[]) {',
    "    const [domain, verb] = name.split('.') as [string, string]",
    '    ;(api[domain] ??= {})[verb] = (input: unknown, options?: CallOptions) => call(name, input, options)',
    '  }',
    '  return api as unknown as Api',
    '}',
    '',
  ].join('\n')
}
