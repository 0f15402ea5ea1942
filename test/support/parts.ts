/*
 * The real parts that tests run against. A test asks for what it needs, and gets it for itself alone:
 *
 *     describe.skipIf(!requirePart('redis'))('the queue on Redis', () => {
 *       it('hands out each job once', async () => {
 *         await using server = await redis()
 *         ... server.url
 *
 * What was started ends with `await using` (or `stop()` in an afterAll), and in any case with the test's process.
 * Python (the oracles) and Chromium are programs that a test runs itself: partPath('python'), partPath('chromium').
 */
export { partPath, requirePart, type PartName } from './findPart.js'
export { baseImages } from './baseImages.js'
export { dockerEngine, engineTurnMs, importProtocolTrainer, type DockerEngine, type EngineOptions } from './docker.js'
export { minio } from './minio.js'
export { nginx } from './nginx.js'
export { postgres } from './postgres.js'
export { redis } from './redis.js'
export { freePort, makeFolder } from './startServer.js'
