export type { Handler, JobQueue, QueueWorker } from './jobQueue.js'
export { openQueue, type QueueConfig, type QueueOptions } from './openQueue.js'
