import { networkNames, networks } from '@imclr/contract'
import { z } from 'zod'
import { batchSize, maxParts } from '../config.js'
import type { Call } from '../request/context.js'
import { version } from '../version.js'

export const systemInfo = z.object({
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

export async function info({ config }: Call): Promise<z.infer<typeof systemInfo>> {
  const { maxUploadBytes, partBytes, uploadHours, requestsPerMinute, eventStreamSeconds } = config
  return {
    service: 'imclr',
    version,
    limits: { maxUploadBytes, partBytes, maxParts, uploadHours, requestsPerMinute, batchSize, eventStreamSeconds },
    networks: networkNames.map((name) => ({ name, ...networks[name] })),
  }
}
