/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { estimateTraining } from './estimates.js'
