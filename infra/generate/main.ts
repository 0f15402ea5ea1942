/** `npm run generate`: writes sdk/src/generated/api.ts from the router. `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { printSdk } from './printSdk.js'
import { sdkSources } from './sdkSources.js'

const target = fileURLToPath(new URL('../../../sdk/src/generated/api.ts', import.meta.url))
const printed = printSdk(sdkSources())
if (process.argv.includes('--check')) {
  const same = readFileSync(target, 'utf8') === printed
  console.log(same ? 'sdk/src/generated/api.ts is up to date' : 'sdk/src/generated/api.ts differs from the router: run npm run generate')
  process.exitCode = same ? 0 : 1
} else {
  writeFileSync(target, printed)
  console.log(`wrote sdk/src/generated/api.ts, ${printed.split('\n').length} lines`)
}
