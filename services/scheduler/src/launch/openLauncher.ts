import { hostname } from 'node:os'
import type { Variables } from '@imclr/contract'
import type { RunningEnv } from '../env.js'
import { dockerLauncher } from './docker/dockerLauncher.js'
import type { Launcher, LauncherSettings } from './launcher.js'
import { processLauncher } from './process/processLauncher.js'
import { trainerEnvironment } from './trainerEnvironment.js'

/** Every launcher, by the name that IMCLR_LAUNCHER and stored runners give it. */
const launchers = { process: processLauncher, docker: dockerLauncher } as const satisfies Record<
  string,
  (settings: LauncherSettings) => Launcher
>

export const launcherNames = Object.keys(launchers) as (keyof typeof launchers)[]

/** Opens the launcher that the environment names. */
export function openLauncher(env: RunningEnv & { variables: Variables }, workDir: string): Launcher {
  const open: (settings: LauncherSettings) => Launcher = launchers[env.IMCLR_LAUNCHER]
  return open({
    command: [process.execPath, env.IMCLR_TRAINER],
    environment: trainerEnvironment(env.variables),
    workDir,
    host: hostname(),
    niceness: env.IMCLR_TRAINER_NICENESS,
    devices: env.IMCLR_DEVICES ?? null,
    variables: env.variables,
  })
}
