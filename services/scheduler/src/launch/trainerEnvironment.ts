import { trainerProcessEnvironment, trainerVariables, type Variables } from '@imclr/contract'

/**
 * The variables that a trainer inherits: where programs, libraries and the store are. It gets no database, queue or
 * signing key.
 */
const inherited =
  /^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|XDG_CACHE_HOME|LD_LIBRARY_PATH|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|OBJECT_STORE_URL|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION|CA_BUNDLE|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|CONTAINER_\w+|EC2_METADATA_\w+)|IMCLR_(LIBTENSORFLOW|CACHE)|TF_\w+|OMP_\w+|KMP_\w+|DNNL_\w+|ONEDNN_\w+|CUDA_\w+|NVIDIA_\w+|XLA_\w+|GLIBC_TUNABLES)$/

/** A trainer's environment, made of the scheduler's. A variable that the operator has set goes before our own. */
export function trainerEnvironment(variables: Variables): Record<string, string> {
  return {
    ...trainerProcessEnvironment,
    ...Object.fromEntries(
      Object.entries(variables).flatMap(([name, value]) =>
        value !== undefined && (inherited.test(name) || name in trainerVariables) ? [[name, value] as const] : [],
      ),
    ),
  }
}
