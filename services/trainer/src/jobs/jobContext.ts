import type { ObjectStore } from '@imclr/storage'
import type { Control } from '../events/control.js'
import type { Emitter } from '../events/emitter.js'

/** What every job gets beside its job file. */
export interface JobContext {
  store: ObjectStore
  emitter: Emitter
  control: Control
  /** A folder of this attempt. What a job writes there is gone when it ends. */
  workDir: string
}
