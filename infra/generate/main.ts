/**
 * `npm run generate`: writes sdk/src/generated from the router and from the trainer's picture readers, and the measured
 * presets of docs/results.md from docs/runs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printResults } from './printResults.js'
import { printSdk } from './printSdk.js'
import { sdkSources } from './sdkSources.js'

const usage = `usage: npm run generate [-- --check]

Writes sdk/src/generated from the router and the trainer's picture readers, and the measured presets of docs/results.md
from the stored runs in docs/runs.
With --check it writes nothing: it says whether these files are up to date, and exits with 1 if they are not.
`

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const targets: Record<string, (before: string) => string> = {
  'sdk/src/generated/api.ts': () => printSdk(sdkSources()),
  'sdk/src/generated/bmp.ts': () => copied('services/trainer/src/image/format/bmp.ts'),
  'sdk/src/generated/png.ts': () => copied('services/trainer/src/image/format/png.ts'),
  'sdk/src/generated/tiff.ts': () => copied('services/trainer/src/image/format/tiff.ts'),
  'docs/results.md': (before) => printResults(before, (file) => read(`docs/runs/${file}`)),
}

/** The SDK imports none of our packages, so it gets a copy of the source. The same code reads pictures the same way. */
function copied(path: string): string {
  return `// Written by "npm run generate" from ${path}.\n${read(path)}`
}

const [option, ...more] = process.argv.slice(2)

if (option === '--help') process.stdout.write(usage)
else if (more.length > 0 || (option !== undefined && option !== '--check')) {
  process.stderr.write(`Unknown options: ${process.argv.slice(2).join(' ')}\n\n${usage}`)
  process.exitCode = 2
} else write(option === '--check')

function write(onlyCheck: boolean): void {
  for (const [path, print] of Object.entries(targets)) {
    const before = existsSync(new URL(path, root)) ? read(path) : ''
    const printed = print(before)
    if (onlyCheck) {
      console.log(before === printed ? `${path} is up to date` : `${path} is out of date: run npm run generate`)
      if (before !== printed) process.exitCode = 1
    } else {
      writeFileSync(fileURLToPath(new URL(path, root)), printed)
      console.log(`wrote ${path}, ${printed.split('\n').length} lines`)
    }
  }
}
