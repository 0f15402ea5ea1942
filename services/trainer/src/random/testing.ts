/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { drawBeta, drawDirichlet, drawGamma } from './gamma.js'
export { stratifiedOrder } from './stratifiedOrder.js'
export { stream, type Stream, xoshiro128 } from './stream.js'
