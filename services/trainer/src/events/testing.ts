/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { listenForSignals } from './control.js'
export { createEmitter, type Emitter } from './emitter.js'
export { toFailure } from './toFailure.js'
