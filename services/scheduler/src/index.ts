export { readRunningEnv, schedulerConfig, type RunningEnv } from './env.js'
export {
  runner,
  type Command,
  type EventLine,
  type EventReader,
  type Exit,
  type FoundTrainer,
  type Launch,
  type Launcher,
  type LauncherSettings,
  type Runner,
} from './launch/launcher.js'
export { dockerLauncher } from './launch/docker/dockerLauncher.js'
export { openLauncher } from './launch/openLauncher.js'
export { processLauncher, processRunner, type ProcessLauncherOptions } from './launch/process/processLauncher.js'
export { trainerEnvironment } from './launch/trainerEnvironment.js'
export type { Metrics } from './metrics.js'
export type { Clock, SchedulerConfig, SchedulerParts } from './parts.js'
export { startScheduler, type RunningScheduler } from './startScheduler.js'
export { systemClock } from './systemClock.js'
// The rules, which have no effects: what follows from an attempt's end, and which command is due.
export { decideOutcome, type Ending, type Outcome } from './settle/decideOutcome.js'
export { nextCommand, type Decision, type TrainerState } from './follow/nextCommand.js'
