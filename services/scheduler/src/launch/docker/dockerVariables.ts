import { byteSize } from '@imclr/contract'
import { z } from 'zod'

/** What the Docker launcher reads from the scheduler's environment. */
export const dockerVariables = z.object({
  DOCKER_HOST: z
    .string()
    .regex(/^(unix:\/\/\/.+|tcp:\/\/[^/]+\/?)$/, 'must be unix:///path/to/docker.sock or tcp://host:port')
    .default('unix:///var/run/docker.sock'),
  DOCKER_CERT_PATH: z.string().optional(), // folder of ca.pem, cert.pem and key.pem, for tcp with TLS
  IMCLR_TRAINER_IMAGE: z.string().min(1).default('imclr-trainer'), // pulled where the engine lacks it
  // Must reach the store; best an internal network that reaches nothing else
  IMCLR_TRAINER_NETWORK: z.string().min(1).default('bridge'),
  IMCLR_TRAINER_MEMORY: byteSize.optional(), // limit of each container; unset: none
  IMCLR_TRAINER_CPUS: z.coerce.number().positive().optional(), // limit of each container; unset: all
  IMCLR_TRAINER_SHM: byteSize.default(2 ** 30), // shared memory of each container
  IMCLR_TRAINER_PIDS: z.coerce.number().int().min(64).default(2048), // processes and threads of each container, at most
  // The engine's runtime, such as nvidia or runsc; unset: the engine's default
  IMCLR_TRAINER_RUNTIME: z.string().min(1).optional(),
})
export type DockerVariables = z.output<typeof dockerVariables>
