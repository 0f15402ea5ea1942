import { parseArgs } from 'node:util'

/**
 * The options of a program. `--help` prints `usage` and ends with 0; an option that does not exist is named, and ends
 * with 2.
 * @param {string} usage @param {import('node:util').ParseArgsConfig['options']} [options]
 */
export function readOptions(usage, options = {}) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } })
    if (!values.help) return values
    process.stdout.write(usage)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${error.message.split('. ')[0]}\n\n${usage}`)
    process.exit(2)
  }
}
