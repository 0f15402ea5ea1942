/** `npm run generate`: writes sdk/src/generated/api.ts from the router. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printSdk } from './printSdk.js'
import { sdkSources } from './sdkSources.js'

const usage = `usage: npm run generate [-- --check]

Writes sdk/src/generated/api.ts from the router. With --check it only says whether that file is up to date, and ends with 1 if not.
`

const target = fileURLToPath(new URL('../../../sdk/src/generated/api.ts', import.meta.url))
const [option, ...more] = process.argv.slice(2)

if (option === '--help') process.stdout.write(usage)
else if (more.length > 0 || (option !== undefined && option !== '--check')) {
  process.stderr.write(`Unknown options: ${process.argv.slice(2).join(' ')}\n\n${usage}`)
  process.exitCode = 2
} else write(option === '--check')

function write(onlyCheck: boolean): void {
  const printed = printSdk(sdkSources())
  if (onlyCheck) {
    const same = readFileSync(target, 'utf8') === printed
    console.log(same ? 'sdk/src/generated/api.ts is up to date' : 'sdk/src/generated/api.ts differs from the router: run npm run generate')
    process.exitCode = same ? 0 : 1
  } else {
    writeFileSync(target, printed)
    console.log(`wrote sdk/src/generated/api.ts, ${printed.split('\n').length} lines`)
  }
}
