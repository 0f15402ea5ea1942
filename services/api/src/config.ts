import { z } from 'zod'

/**
 * What an operator may decide. `env.ts` reads it from the environment, and tests set it. `system.info` tells clients
 * the limits.
 */
export const apiConfig = z.strictObject({
  publicUrl: z
    .url()
    .transform((url) => url.replace(/\/+$/, ''))
    .nullable()
    // How clients reach this service: URLs in answers begin with it; null: the address that each request came to
    .default(null),
  // Signs the tokens of model URLs
  signingKey: z.instanceof(Uint8Array).refine((key) => key.length >= 32, 'must have at least 32 bytes'),
  // Whose X-Forwarded-For, -Proto and -Host are believed: nobody's, everybody's, those of so many proxies in a row, or
  // those of these addresses
  trustProxy: z.union([z.boolean(), z.int().positive(), z.array(z.string()).min(1)]).default(false),
  maxUploadBytes: z
    .int()
    .positive()
    .default(20 * 2 ** 30), // of one archive
  partBytes: z
    .int()
    .min(5 * 2 ** 20)
    .default(8 * 2 ** 20), // S3 takes no smaller part, except as the last one
  uploadHours: z.number().positive().default(24), // until an open upload expires
  requestsPerMinute: z.int().positive().default(1200), // per API key; for public models, per address
  authFailuresPerMinute: z.int().positive().default(20), // per address
  eventStreamSeconds: z.number().positive().default(300), // a stream then ends, and its reader connects again
  // Of the machine that trains: a training that does not fit is refused; null: unknown, and none is refused
  trainerMemoryBytes: z.int().positive().nullable().default(null),
  maxEventStreams: z.int().positive().default(1000), // at once, per process
})
export type ApiConfig = z.output<typeof apiConfig>
export type ApiConfigInput = z.input<typeof apiConfig>

/** These limits are fixed: higher ones would cost memory and help nobody. */
export const bodyBytes = 2 * 2 ** 20 // completing an upload of 10,000 parts takes 1.1 MB
export const batchSize = 20 // procedures in one request
export const maxParts = 10_000 // S3's own limit
