import { z } from 'zod'

/** What an operator may decide; `env.ts` reads it, tests write it. Every limit is told to clients by `system.info`. */
export const apiConfig = z.strictObject({
  publicUrl: z
    .url()
    .transform((url) => url.replace(/\/+$/, ''))
    .nullable()
    .default(null), // how clients reach this service: the beginning of addresses that are given out; null: the address that each request came to
  signingKey: z.instanceof(Uint8Array).refine((key) => key.length >= 32, 'must have at least 32 bytes'), // of model addresses
  trustProxy: z.union([z.boolean(), z.int().positive(), z.array(z.string()).min(1)]).default(false), // whose X-Forwarded-For, -Proto and -Host are believed: nobody's, everybody's, those of so many proxies in a row, or those of these addresses
  maxUploadBytes: z
    .int()
    .positive()
    .default(20 * 2 ** 30), // of one archive
  partBytes: z
    .int()
    .min(5 * 2 ** 20)
    .default(8 * 2 ** 20), // S3 takes no smaller ones but the last
  uploadHours: z.number().positive().default(24), // until an open upload expires
  requestsPerMinute: z.int().positive().default(1200), // per API key; of models that are public, per address
  authFailuresPerMinute: z.int().positive().default(20), // per address
  eventStreamSeconds: z.number().positive().default(300), // a follower is then asked to come back with its number
  trainerMemoryBytes: z.int().positive().nullable().default(null), // of the machine that trains: what cannot fit is refused when it is submitted; null: not known, nothing is
  maxEventStreams: z.int().positive().default(1000), // at once, per process
})
export type ApiConfig = z.output<typeof apiConfig>
export type ApiConfigInput = z.input<typeof apiConfig>

/** Fixed: more would cost memory and give nothing. */
export const bodyBytes = 2 * 2 ** 20 // the completion of an upload of 10,000 parts has 1.1 MB
export const batchSize = 20 // procedures in one request
export const maxParts = 10_000 // S3's own limit
