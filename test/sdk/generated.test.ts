import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { printSdk } from '../../infra/generate/printSdk.js'
import { sdkSources } from '../../infra/generate/sdkSources.js'

it('is what the router says: run "npm run generate" where this fails', () => {
  expect(printSdk(sdkSources())).toBe(readFileSync(new URL('../../sdk/src/generated/api.ts', import.meta.url), 'utf8'))
})
