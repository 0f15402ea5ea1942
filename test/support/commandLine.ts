import { parseArgs, type ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values']

/**
 * The options of a long program (bench, learning, chaos, fuzz). `--help` prints `usage` and ends with 0; an option that
 * does not exist is named, and ends with 2.
 */
export function readOptions<const T extends Options>(usage: string, options: T): Values<T> {
  try {
    const { help, ...values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } })
      .values as Values<T> & { help?: boolean }
    if (!help) return values as Values<T>
    process.stdout.write(usage)
    process.exit(0)
  } catch (error) {
    refuseOptions(usage, (error as Error).message.split('.')[0]!)
  }
}

/** Says what is wrong with the options, and ends with 2. */
export function refuseOptions(usage: string, problem: string): never {
  process.stderr.write(`${problem}\n\n${usage}`)
  process.exit(2)
}
