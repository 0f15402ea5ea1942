/**
 * Prints zod schemas as plain TypeScript interfaces, by way of JSON Schema. Schemas that contract exports keep their
 * names. If defaults make the input of a schema differ from its output, the input is called `<Name>Input`.
 */
import { z } from 'zod'

type JsonSchema = {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  prefixItems?: JsonSchema[]
  minItems?: number
  maxItems?: number
  description?: string
  $defs?: Record<string, JsonSchema>
  propertyNames?: JsonSchema
}
export type Direction = 'input' | 'output'

export class TypePrinter {
  readonly #names = z.registry<{ id: string }>()
  readonly #bodies: Record<Direction, Map<string, string>> = { input: new Map(), output: new Map() }
  /** The names to print, each with the direction in which it was used. */
  readonly #asked = new Set<string>()

  constructor(named: Record<string, z.ZodType>) {
    for (const [name, schema] of Object.entries(named))
      if (!this.#names.has(schema)) this.#names.add(schema, { id: pascal(name) })
  }

  /** Returns the type of `schema`, by its name if it has one, and remembers the names it uses. */
  use(schema: z.ZodType, direction: Direction): string {
    const json = z.toJSONSchema(schema, {
      io: direction,
      metadata: this.#names,
      reused: 'inline',
      unrepresentable: 'any',
    }) as JsonSchema
    for (const [name, body] of Object.entries(json.$defs ?? {})) this.#remember(name, { body, direction })
    const own = this.#names.get(schema)?.id
    // JSON Schema refers to a recursive schema by name and keeps its body in $defs. This remembers every other body.
    if (own && !json.$ref) this.#remember(own, { body: { ...json, $defs: undefined }, direction })
    return own ? this.#reference(own, direction) : this.#print({ ...json, $defs: undefined }, direction)
  }

  /** All named types used so far, in alphabetical order. */
  declarations(): string {
    const lines: string[] = []
    for (const key of [...this.#asked].sort()) {
      const [name, direction] = key.split(' ') as [string, Direction]
      if (direction === 'input' && !this.#differs(name)) {
        if (!this.#asked.has(`${name} output`)) lines.push(declare(name, this.#body(name, 'input')))
        continue
      }
      lines.push(declare(this.#reference(name, direction), this.#body(name, direction)))
    }
    return [...new Set(lines)].join('\n\n')
  }

  #remember(name: string, { body, direction }: { body: JsonSchema; direction: Direction }): void {
    this.#asked.add(`${name} ${direction}`)
    this.#schemas[direction].set(name, body)
  }

  readonly #schemas: Record<Direction, Map<string, JsonSchema>> = { input: new Map(), output: new Map() }

  #body(name: string, direction: Direction): string {
    const known = this.#bodies[direction].get(name)
    if (known !== undefined) return known
    const schema = this.#schemas[direction].get(name)
    if (!schema) throw new Error(`no type called ${name} was used as ${direction}`)
    const printed = this.#print(schema, direction)
    this.#bodies[direction].set(name, printed)
    return printed
  }

  /** Whether input and output differ, here or in a nested schema. If so, they need two names. */
  #differs(name: string, seen = new Set<string>()): boolean {
    const [input, output] = [this.#schemas.input.get(name), this.#schemas.output.get(name)]
    if (!input || !output || seen.has(name)) return false
    seen.add(name)
    if (JSON.stringify(loose(input)) !== JSON.stringify(loose(output))) return true
    return references(input).some((inner) => this.#differs(inner, seen))
  }

  #reference(name: string, direction: Direction): string {
    return direction === 'input' && this.#differs(name) ? `${name}Input` : name
  }

  #print(schema: JsonSchema, direction: Direction): string {
    const inner = (part: JsonSchema) => this.#print(part, direction)
    if (schema.$ref) return this.#reference(schema.$ref.replace('#/$defs/', ''), direction)
    if (schema.const !== undefined) return literal(schema.const)
    if (schema.enum) return schema.enum.map(literal).join(' | ')
    const union = schema.anyOf ?? schema.oneOf
    if (union) return joined([...new Set(union.map(inner))])
    if (schema.allOf) return schema.allOf.map((part) => `(${inner(part)})`).join(' & ')
    if (Array.isArray(schema.type)) return schema.type.map((type) => inner({ ...schema, type })).join(' | ')
    switch (schema.type) {
      case 'string':
        return 'string'
      case 'number':
      case 'integer':
        return 'number'
      case 'boolean':
        return 'boolean'
      case 'null':
        return 'null'
      case 'array':
        return this.#array(schema, inner)
      case 'object':
        return this.#object(schema, inner)
      default:
        return 'unknown'
    }
  }

  #array(schema: JsonSchema, inner: (part: JsonSchema) => string): string {
    if (schema.prefixItems) return `[${schema.prefixItems.map(inner).join(', ')}]`
    const item = inner(schema.items ?? {})
    return /[|&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`
  }

  #object(schema: JsonSchema, inner: (part: JsonSchema) => string): string {
    const fields = Object.entries(schema.properties ?? {})
    if (fields.length === 0)
      return typeof schema.additionalProperties === 'object'
        ? `Record<string, ${inner(schema.additionalProperties)}>`
        : 'Record<string, never>'
    const required = new Set(schema.required)
    const lines = fields.map(
      ([name, part]) => `${/^\w+$/.test(name) ? name : `'${name}'`}${required.has(name) ? '' : '?'}: ${inner(part)}`,
    )
    return `{ ${lines.join('; ')} }`
  }
}

/** Writes a plain string in a union so that editors still suggest the named ones. */
const joined = (parts: string[]): string =>
  (parts.some((part) => part.startsWith("'"))
    ? parts.map((part) => (part === 'string' ? '(string & {})' : part))
    : parts
  ).join(' | ')

const declare = (name: string, body: string): string =>
  /^\{ .* \}$/s.test(body) && !/^\{[^{}]*\} [|&]/.test(body) && balanced(body)
    ? `export interface ${name} {\n${splitFields(body)
        .map((field) => `  ${field}`)
        .join('\n')}\n}`
    : `export type ${name} =${
        body.includes(' | {')
          ? splitUnion(body)
              .map((part) => `\n  | ${part}`)
              .join('')
          : ` ${body}`
      }`

/** Whether the first brace closes at the very end: one object, not a union of several. */
function balanced(body: string): boolean {
  let depth = 0
  for (const [index, character] of [...body].entries()) {
    if (character === '{') depth++
    if (character === '}' && --depth === 0) return index === body.length - 1
  }
  return false
}

function splitAt(body: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index < body.length; index++) {
    if ('{[('.includes(body[index]!)) depth++
    if ('}])'.includes(body[index]!)) depth--
    if (depth === 0 && body.startsWith(separator, index)) {
      parts.push(body.slice(start, index))
      start = index + separator.length
    }
  }
  return [...parts, body.slice(start)]
}
const splitFields = (body: string): string[] => splitAt(body.slice(2, -2), '; ')
const splitUnion = (body: string): string[] => splitAt(body, ' | ')

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : JSON.stringify(value)
export const pascal = (name: string): string =>
  name
    .replace(/Schema$/, '')
    .split(/[.\-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** Keeps only what matters for the printed type: no bounds, patterns or defaults, and no rule for unknown keys. */
function loose(schema: JsonSchema): unknown {
  if (Array.isArray(schema)) return schema.map(loose)
  if (schema === null || typeof schema !== 'object') return schema
  const kept = ['$ref', 'type', 'const', 'enum', 'anyOf', 'oneOf', 'allOf', 'items', 'prefixItems', 'required']
  const entries = Object.entries(schema)
    .filter(([key]) => kept.includes(key))
    .map(([key, value]) => [key, loose(value as JsonSchema)])
  const properties = schema.properties && Object.entries(schema.properties).map(([key, value]) => [key, loose(value)])
  return { ...Object.fromEntries(entries), ...(properties && { properties: Object.fromEntries(properties) }) }
}

function references(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return []
  return Object.entries(schema).flatMap(([key, value]) =>
    key === '$ref' ? [String(value).replace('#/$defs/', '')] : references(value),
  )
}
