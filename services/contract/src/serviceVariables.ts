import { z } from 'zod'

/**
 * The variables that more than one service reads. API, scheduler and standalone pick what they need from here, so that
 * a variable means the same to all of them.
 */
export const serviceVariables = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be postgres://...'),
  QUEUE_URL: z.string().regex(/^(rediss?|postgres(ql)?):\/\//, 'must be redis://... or postgres://...'),
  OBJECT_STORE_URL: z
    .string('must be set')
    .refine(isStoreUrl, 'must be s3://bucket?endpoint=http://host:9000&region=us-east-1 or file:///folder'),
  // The address at which clients reach the store, for signed URLs.
  OBJECT_STORE_PUBLIC_ENDPOINT: z.url({ protocol: /^https?$/ }),
  IMCLR_SIGNING_KEY: z
    .string()
    .regex(/^([0-9a-f]{2}){32,}$/i, 'must be at least 32 bytes in hexadecimal; make one with "openssl rand -hex 32"'),
  HOST: z.string().default('127.0.0.1'), // the address to listen on
  PORT: z.coerce.number().int().min(0).max(65_535), // 0 means any free port
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

function isStoreUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'file:' || (protocol === 's3:' && hostname !== '')
}
