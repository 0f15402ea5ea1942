import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { printSdk } from '../../infra/generate/printSdk.js'
import { sdkSources } from '../../infra/generate/sdkSources.js'

it('matches the router; if this fails, run "npm run generate"', () => {
  expect(printSdk(sdkSources())).toBe(readFileSync(new URL('../../sdk/src/generated/api.ts', import.meta.url), 'utf8'))
})

it('reads pictures with the same source text as the trainer', () => {
  const root = join(import.meta.dirname, '../..')
  for (const name of ['bmp', 'png', 'tiff']) {
    const [copy, text] = [`sdk/src/generated/${name}.ts`, `services/trainer/src/image/format/${name}.ts`].map((path) =>
      readFileSync(join(root, path), 'utf8'),
    )
    expect(copy!.slice(copy!.indexOf('\n') + 1)).toBe(text)
  }
})
