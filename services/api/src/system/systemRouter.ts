import { readFileSync } from 'node:fs'
import { catalogue, catalogueEntry, networkNames, networks } from '@imclr/contract'
import { z } from 'zod'
import { batchSize, maxParts } from '../config.js'
import type { Call } from '../request/context.js'
import { noInput } from '../request/inputs.js'
import { readProcedure, router } from '../request/procedure.js'

/** The version of this package. Its package.json lies two folders above both src/system and dist/system. */
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))

const systemInfo = z.object({
  service: z.literal('imclr'),
  version: z.string(),
  limits: z.object({
    maxUploadBytes: z.int(),
    partBytes: z.int(),
    maxParts: z.int(),
    uploadHours: z.number(),
    requestsPerMinute: z.int(),
    batchSize: z.int(),
    eventStreamSeconds: z.number(),
  }),
  networks: z.array(
    z.object({
      name: z.enum(networkNames),
      title: z.string(),
      smallestSize: z.int(),
      parameters: z.int(),
      multiplyAdds: z.int(),
      source: z.string(),
    }),
  ),
})

function info({ config }: Call): z.infer<typeof systemInfo> {
  const { maxUploadBytes, partBytes, uploadHours, requestsPerMinute, eventStreamSeconds } = config
  return {
    service: 'imclr',
    version,
    limits: { maxUploadBytes, partBytes, maxParts, uploadHours, requestsPerMinute, batchSize, eventStreamSeconds },
    networks: networkNames.map((name) => ({ name, ...networks[name] })),
  }
}

export const systemRouter = router({
  info: readProcedure
    .input(noInput)
    .output(systemInfo)
    .query(({ ctx }) => info(ctx)),
  catalogue: readProcedure
    .input(noInput)
    .output(z.array(catalogueEntry))
    .query(() => [...catalogue]),
})
