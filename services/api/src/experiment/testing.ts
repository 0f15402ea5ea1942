/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { checkExperiment, type ExperimentData } from './checkExperiment.js'
export { secondsLeft, type RunTime } from './secondsLeft.js'
