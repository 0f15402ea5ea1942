import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { partPath } from './findPart.js'
import { freePort, makeFolder, startServer, type Server } from './startServer.js'

export interface Minio extends Server {
  /** http://host:port */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  /** There, and empty. */
  bucket: string
}

/** A MinIO server of its own with random credentials and one bucket. @param host the address that it listens on */
export async function minio(host = '127.0.0.1'): Promise<Minio> {
  const port = await freePort()
  const folder = makeFolder('minio')
  const bucket = 'imclr-test'
  // On a single drive a folder is a bucket.
  mkdirSync(join(folder, 'drive', bucket), { recursive: true })
  const accessKeyId = randomBytes(8).toString('hex')
  const secretAccessKey = randomBytes(20).toString('hex')
  const endpoint = `http://${host}:${port}`
  const server = await startServer({
    name: 'MinIO',
    folder,
    command: partPath('minio'),
    args: ['server', '--quiet', '--address', `${host}:${port}`, join(folder, 'drive')],
    env: {
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      HOME: folder,
    },
    stopSignal: 'KILL',
    isReady: () =>
      fetch(`${endpoint}/minio/health/ready`).then(
        (answer) => answer.ok,
        () => false,
      ),
  })
  return { ...server, endpoint, region: 'us-east-1', accessKeyId, secretAccessKey, bucket }
}
