/** The parts of this floor that tests reach directly; nothing else imports this file. */
export { balancedOrder, batchesOf, epochOrder } from './batches.js'
export { classRuns } from './classRuns.js'
export { trainingFeed } from './feed.js'
export { classWeights, labelEntropy, softLabels } from './labels.js'
export { loadSplit, readDatasetManifest, selectImages, type LoadedSplit } from './loadSplit.js'
export { drawPartners } from './partners.js'
export { stackPairs } from './stackPairs.js'
export { type UnlabelledImages, unlabelledPool } from './unlabelledPool.js'
