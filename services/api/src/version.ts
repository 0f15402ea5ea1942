import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Of this package; `src` and `dist` lie beside its package.json alike. */
export const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version
