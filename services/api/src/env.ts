/** The API's environment, parsed once: every variable with its unit, default and reason. */
import { readFileSync } from 'node:fs'
import { byteSize, readEnvironment, serviceVariables, type Variables } from '@imclr/contract'
import { z } from 'zod'
import { apiConfig, type ApiConfig } from './config.js'

const shared = serviceVariables.shape
const count = z.coerce.number().int().positive()
const trustProxy = z
  .union(
    [
      z.enum(['true', 'false']).transform((text) => text === 'true'),
      z.coerce.number().int().positive().max(20),
      z
        .string()
        .transform((text) => text.split(',').map((part) => part.trim()))
        .pipe(
          z
            .array(
              z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6(), z.enum(['loopback', 'linklocal', 'uniquelocal'])]),
            )
            .min(1),
        ),
    ],
    'must be true, false, a number of proxies, or addresses such as 10.0.0.0/8,192.168.1.7',
  )
  .default(false)
const defaults = apiConfig.shape

/** What `main.ts` and standalone share: where to listen, and the limits. */
const serving = {
  HOST: shared.HOST,
  PORT: shared.PORT.default(4700),
  // How clients reach the service; unset: the address that each request came to
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  // 'true', how many proxies there are in a row, or their addresses (10.0.0.0/8, 192.168.1.7): only where they set
  // X-Forwarded-For, -Proto and -Host
  TRUST_PROXY: trustProxy,
  IMCLR_MAX_UPLOAD_BYTES: count.default(defaults.maxUploadBytes.parse(undefined)),
  // Until an open upload expires
  IMCLR_UPLOAD_HOURS: z.coerce.number().positive().default(defaults.uploadHours.parse(undefined)),
  IMCLR_REQUESTS_PER_MINUTE: count.default(defaults.requestsPerMinute.parse(undefined)), // per API key
  IMCLR_AUTH_FAILURES_PER_MINUTE: count.default(defaults.authFailuresPerMinute.parse(undefined)), // per address
  // Of the machine that trains; unset: nothing is refused for it (standalone: this machine's)
  IMCLR_TRAINER_MEMORY: byteSize.optional(),
  IMCLR_SWEEP_SECONDS: z.coerce.number().positive().default(60), // between two sweeps of what nobody needs
  LOG_LEVEL: shared.LOG_LEVEL,
}

const environment = z.object({
  ...serving,
  DATABASE_URL: shared.DATABASE_URL,
  QUEUE_URL: shared.QUEUE_URL.optional(), // unset: the database
  OBJECT_STORE_URL: shared.OBJECT_STORE_URL,
  // Unset: the endpoint of the store's URL
  OBJECT_STORE_PUBLIC_ENDPOINT: shared.OBJECT_STORE_PUBLIC_ENDPOINT.optional(),
  IMCLR_SIGNING_KEY: shared.IMCLR_SIGNING_KEY,
  IMCLR_FIRST_KEY_FILE: z.string().default('./.imclr/api-key'), // where the first API key is written, or lies already
})

export type Env = z.output<typeof environment>
export type ServingEnv = z.output<z.ZodObject<typeof serving>>
/** Throws Failure BAD_INPUT that names every variable that is wrong. */
export const readEnv = (variables: Variables = process.env): Env & { variables: Variables } =>
  read(environment, variables)
/** The part that standalone needs of it. */
export const readServingEnv = (variables: Variables = process.env): ServingEnv & { variables: Variables } =>
  read(z.object(serving), variables)

const read = <T>(schema: z.ZodType<T>, given: Variables) =>
  readEnvironment(schema, { given, readFile: (path) => readFileSync(path, 'utf8') })

/** Whether addresses that are given out follow from requests alone, while others than this machine can send some. */
export const lacksPublicUrl = ({ PUBLIC_URL, HOST }: Pick<ServingEnv, 'PUBLIC_URL' | 'HOST'>): boolean =>
  PUBLIC_URL === undefined && (HOST === '0.0.0.0' || HOST === '::')

/** What an operator is told then. */
export const publicUrlAdvice =
  'PUBLIC_URL is not set: addresses of models and uploads are made of the address that each request came to. Set it to how clients reach this service, such as https://imclr.example.org; behind a proxy that rewrites Host, set TRUST_PROXY too'

/** How clients on this machine reach the service; an address to listen on is not always one to go to. */
export function publicUrlOf({ PUBLIC_URL, HOST, PORT }: Pick<ServingEnv, 'PUBLIC_URL' | 'HOST' | 'PORT'>): string {
  if (PUBLIC_URL !== undefined) return PUBLIC_URL
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`
}

/** What the server needs of it; `signingKey` is hexadecimal. */
export function apiConfigOf(env: ServingEnv, signingKey: string): ApiConfig {
  return apiConfig.parse({
    publicUrl: env.PUBLIC_URL ?? null,
    signingKey: new Uint8Array(Buffer.from(signingKey, 'hex')),
    trustProxy: env.TRUST_PROXY,
    maxUploadBytes: env.IMCLR_MAX_UPLOAD_BYTES,
    uploadHours: env.IMCLR_UPLOAD_HOURS,
    requestsPerMinute: env.IMCLR_REQUESTS_PER_MINUTE,
    authFailuresPerMinute: env.IMCLR_AUTH_FAILURES_PER_MINUTE,
    trainerMemoryBytes: env.IMCLR_TRAINER_MEMORY ?? null,
  })
}
