export type { Delivery, Handler, JobQueue, QueueEntry, QueueWorker } from './jobQueue.js'
export { openQueue, type QueueConfig, type QueueOptions } from './openQueue.js'
