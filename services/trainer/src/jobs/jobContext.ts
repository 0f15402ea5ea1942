import type { ObjectStore } from '@imclr/storage'
import type { Control } from '../events/control.js'
import type { Emitter } from '../events/emitter.js'

/** Everything that a job gets besides its job file. */
export interface JobContext {
  store: ObjectStore
  emitter: Emitter
  control: Control
  /** A folder for this attempt alone. It is removed when the job ends. */
  workDir: string
}
