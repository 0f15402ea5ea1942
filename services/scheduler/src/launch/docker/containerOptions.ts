import type { ContainerCreateOptions } from 'dockerode'
import type { Launch } from '../launcher.js'
import type { DockerVariables } from './dockerVariables.js'

/** The user in the container: none of the host's accounts need to have this number. */
export const containerUser = 1000
/** A volume of each container's own: the job file comes in here, and the trainer keeps its temporary files here. */
export const jobFolder = '/job'
export const jobFileName = 'job.json'

/** Labels by which a trainer's container is found again. */
export const labelNames = {
  scheduler: 'org.imclr.scheduler',
  job: 'org.imclr.job',
  attempt: 'org.imclr.attempt',
  slot: 'org.imclr.slot',
} as const

export interface ContainerSettings {
  variables: DockerVariables
  /** The trainer's whole environment. */
  environment: Record<string, string>
  /** Which scheduler the container belongs to. */
  scheduler: string
  devices: string[] | null
}

/** One attempt, one name: the engine refuses a second container of the same attempt. */
export const containerName = ({ jobId, attempt }: { jobId: string; attempt: number }): string =>
  `imclr-${jobId}-${attempt}`

/** How a trainer's container is made. It has no right, file or address that a trainer does not need. */
export function containerOptions(
  { job, slot }: Launch,
  { variables, environment, scheduler, devices }: ContainerSettings,
): ContainerCreateOptions {
  const device = slot === null ? undefined : devices?.[slot]
  const env = { ...environment, HOME: jobFolder, TMPDIR: jobFolder }
  return {
    name: containerName(job),
    Image: variables.IMCLR_TRAINER_IMAGE,
    Cmd: [`${jobFolder}/${jobFileName}`], // the image's entry point is the trainer
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: `${containerUser}:${containerUser}`,
    WorkingDir: jobFolder,
    Labels: {
      [labelNames.scheduler]: scheduler,
      [labelNames.job]: job.jobId,
      [labelNames.attempt]: String(job.attempt),
      [labelNames.slot]: String(slot ?? ''),
    },
    HostConfig: {
      NetworkMode: variables.IMCLR_TRAINER_NETWORK,
      ReadonlyRootfs: true,
      Mounts: [{ Type: 'volume', Target: jobFolder, Source: '' }],
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,noexec,size=64m' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: variables.IMCLR_TRAINER_PIDS,
      ShmSize: variables.IMCLR_TRAINER_SHM,
      // Swap is no memory to train in: with it, a container that needs too much crawls and is not told of.
      ...(variables.IMCLR_TRAINER_MEMORY !== undefined && {
        Memory: variables.IMCLR_TRAINER_MEMORY,
        MemorySwap: variables.IMCLR_TRAINER_MEMORY,
      }),
      ...(variables.IMCLR_TRAINER_CPUS !== undefined && { NanoCpus: Math.round(variables.IMCLR_TRAINER_CPUS * 1e9) }),
      ...(variables.IMCLR_TRAINER_RUNTIME !== undefined && { Runtime: variables.IMCLR_TRAINER_RUNTIME }),
      ...(device !== undefined && {
        DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [device], Capabilities: [['gpu']] }],
      }),
      Init: true, // passes signals on, and collects what the trainer leaves
      RestartPolicy: { Name: 'no' }, // another attempt is the scheduler's business
      AutoRemove: false, // output and exit code are read after the end
      // The events are in the log: it must not rotate, whatever the engine's default is.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1024g', 'max-file': '1', compress: 'false' } },
    },
  }
}
