import { fileURLToPath } from 'node:url'
import { Failure } from '@imclr/contract'
import type { StoreConfig } from './openStore.js'

/**
 * What OBJECT_STORE_URL and its companions say: `s3://bucket?endpoint=http://host:9000&region=us-east-1` or `file:///folder`.
 * S3 takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, to sign for clients that know the store by another name,
 * OBJECT_STORE_PUBLIC_ENDPOINT; a folder takes IMCLR_SIGNING_KEY to sign. Throws Failure BAD_INPUT.
 */
export function storeConfigFromEnv(env: Record<string, string | undefined>): StoreConfig {
  const url = parse(env.OBJECT_STORE_URL)
  if (url.protocol === 'file:') return { kind: 'folder', root: fileURLToPath(url), signingKey: env.IMCLR_SIGNING_KEY }
  if (url.protocol !== 's3:' || url.hostname === '') throw wrong(`it is ${JSON.stringify(env.OBJECT_STORE_URL)}`)
  return {
    kind: 's3',
    bucket: url.hostname,
    endpoint: url.searchParams.get('endpoint') ?? undefined,
    region: url.searchParams.get('region') ?? 'us-east-1',
    publicEndpoint: env.OBJECT_STORE_PUBLIC_ENDPOINT,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
  }
}

function parse(text: string | undefined): URL {
  if (text === undefined || !URL.canParse(text))
    throw wrong(text === undefined ? 'it is not set' : `it is ${JSON.stringify(text)}`)
  return new URL(text)
}

const wrong = (what: string): Failure =>
  new Failure(
    'BAD_INPUT',
    `OBJECT_STORE_URL must be s3://bucket?endpoint=http://host:9000&region=us-east-1 or file:///folder; ${what}`,
  )
