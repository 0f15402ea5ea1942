export { readArguments, usage, type Arguments } from './arguments.js'
export { readSettings, type Settings } from './env.js'
export { startService, type RunningService } from './startService.js'
