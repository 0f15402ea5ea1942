import { fileURLToPath } from 'node:url'
import { Failure, serviceVariables } from '@imclr/contract'
import type { StoreConfig } from './openStore.js'

/**
 * The store that OBJECT_STORE_URL names: `s3://bucket?endpoint=http://host:9000&region=us-east-1` or `file:///folder`.
 * S3 takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, to sign for clients that know the store by another name,
 * OBJECT_STORE_PUBLIC_ENDPOINT; a folder takes IMCLR_SIGNING_KEY to sign. Throws Failure BAD_INPUT.
 */
export function storeConfigFromEnv(env: Record<string, string | undefined>): StoreConfig {
  const { data, error } = serviceVariables.shape.OBJECT_STORE_URL.safeParse(env.OBJECT_STORE_URL)
  if (error !== undefined)
    throw new Failure(
      'BAD_INPUT',
      `OBJECT_STORE_URL ${error.issues[0]!.message}; it is ${JSON.stringify(env.OBJECT_STORE_URL) ?? 'not set'}`,
    )
  const url = new URL(data)
  if (url.protocol === 'file:') return { kind: 'folder', root: fileURLToPath(url), signingKey: env.IMCLR_SIGNING_KEY }
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
