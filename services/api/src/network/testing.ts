/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { locateWeights } from './locateWeights.js'
export { measureNetwork, shapesOf } from './measureNetwork.js'
export { readTopology } from './readTopology.js'
