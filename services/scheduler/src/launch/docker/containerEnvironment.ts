import { Failure } from '@imclr/contract'

/** Variables that name places of the scheduler's own machine, which a container does not have. */
const ofThisMachine =
  /^(PATH|HOME|USER|TMPDIR|XDG_CACHE_HOME|LD_LIBRARY_PATH|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|IMCLR_(LIBTENSORFLOW|CACHE)|AWS_(CONFIG_FILE|SHARED_CREDENTIALS_FILE|CA_BUNDLE|WEB_IDENTITY_TOKEN_FILE|PROFILE))$/

/**
 * Returns the part of a trainer's environment that holds in a container too: the image brings the rest. Throws Failure
 * BAD_INPUT where the store is a folder of this machine.
 */
export function containerEnvironment(environment: Record<string, string>): Record<string, string> {
  if (environment.OBJECT_STORE_URL?.startsWith('file:'))
    throw new Failure(
      'BAD_INPUT',
      'a container cannot reach a store in a folder of this machine: name an S3 store in OBJECT_STORE_URL, or start trainers as processes (IMCLR_LAUNCHER=process)',
    )
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ofThisMachine.test(name)))
}
