import { z } from 'zod'

/**
 * An id shows by its prefix what it names. After the prefix come 20 random characters of base 32 (100 bits). Ids of
 * versions and of uploaded networks differ (see `versionId` and `networkId`).
 */
const id = <P extends string>(prefix: P) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[a-z0-9]{8,40}$`), {
      message: `must be an id that starts with ${prefix}_`,
      abort: true,
    })

export const projectId = id('prj')
export const keyId = id('key')
export const uploadId = id('upl')
export const datasetId = id('ds')
/**
 * `ver_` and 32 hexadecimal digits of the sha256 over project id and content. The same content gives the same version.
 */
export const versionId = id('ver')
export const jobId = id('job')
export const modelId = id('mdl')
export const experimentId = id('exp')
/** `net_` and 32 hexadecimal digits of the sha256 over project id and content. The same network gives the same id. */
export const networkId = id('net')

export const idPrefixes = ['prj', 'key', 'upl', 'ds', 'job', 'mdl', 'exp'] as const
export type IdPrefix = (typeof idPrefixes)[number]

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Makes an id from 20 random bytes, which the caller draws. */
export function makeId(prefix: IdPrefix, random: Uint8Array): string {
  if (random.length < 20) throw new RangeError(`makeId needs 20 random bytes, got ${random.length}`)
  return `${prefix}_${Array.from(random.subarray(0, 20), (byte) => alphabet[byte & 31]).join('')}`
}
