import { createHash } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Failure } from '@imclr/contract'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { assertKey, assertPrefix } from '../keys.js'
import type { ObjectHead, ObjectStore } from '../objectStore.js'
import { asFailure } from './asFailure.js'
import { measured, mismatch } from './measured.js'
import { S3Multipart } from './multipart.js'

export interface S3StoreConfig {
  bucket: string
  region: string
  /** Absent: Amazon's. */
  endpoint?: string
  /** The address under which clients reach the store; absent: the endpoint. */
  publicEndpoint?: string
  /** Absent: what the AWS SDK finds (instance role, profile). */
  accessKeyId?: string
  secretAccessKey?: string
}

const streamPartBytes = 8 * 1024 * 1024
const deleteAtOnce = 1000

/** Objects in a bucket of S3 or of a store that speaks it (MinIO). */
export async function openS3Store(config: S3StoreConfig): Promise<ObjectStore> {
  const { bucket: Bucket } = config
  const place = `${Bucket} at ${config.endpoint === undefined ? 'Amazon' : new URL(config.endpoint).host}`
  const attempt = <T>(what: string, work: () => Promise<T>): Promise<T> => attemptAt(place, what, work)
  const client = new S3Client(clientConfig(config, config.endpoint))
  // The host is part of a signature, so URLs are signed for the name that clients use.
  const signing =
    config.publicEndpoint === undefined ? client : new S3Client(clientConfig(config, config.publicEndpoint))
  const multipart = new S3Multipart(client, signing, Bucket)

  async function remove(keys: string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += deleteAtOnce) {
      const Objects = keys.slice(at, at + deleteAtOnce).map((Key) => ({ Key }))
      const { Errors = [] } = await attempt('a deletion', () =>
        client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })),
      )
      const [first] = Errors
      if (first !== undefined)
        throw new Failure(
          'STORE_UNAVAILABLE',
          `the object store did not delete ${first.Key} and ${Errors.length - 1} others: ${first.Message ?? first.Code}`,
        )
    }
  }

  const it: ObjectStore = {
    async put(key, body, { contentType, ...expected }) {
      assertKey(key)
      return attempt(key, () =>
        body instanceof Uint8Array
          ? putBytes(key, body, { contentType, ...expected })
          : putStream(key, body, { contentType, ...expected }),
      )
    },
    async get(key, range) {
      assertKey(key)
      const Range = range && `bytes=${range.start}-${range.end}`
      const answer = await attempt(key, () => client.send(new GetObjectCommand({ Bucket, Key: key, Range })))
      if (!(answer.Body instanceof Readable)) throw new Failure('INTERNAL', `no body came with ${key}`)
      return { ...headOf(answer), body: answer.Body }
    },
    async read(key) {
      assertKey(key)
      return attempt(key, async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }))
        return Body === undefined ? new Uint8Array() : Body.transformToByteArray()
      })
    },
    async head(key) {
      assertKey(key)
      try {
        return await attempt(key, async () => headOf(await client.send(new HeadObjectCommand({ Bucket, Key: key }))))
      } catch (error) {
        if (error instanceof Failure && error.code === 'NOT_FOUND') return null
        throw error
      }
    },
    async *list(prefix) {
      assertPrefix(prefix)
      for (let ContinuationToken: string | undefined; ;) {
        const page = await attempt(prefix, () =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken })),
        )
        for (const { Key, Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
          if (Key !== undefined) yield { key: Key, bytes: Size, modified: LastModified }
        if (page.IsTruncated !== true) return
        ContinuationToken = page.NextContinuationToken
      }
    },
    async delete(keys) {
      keys.forEach(assertKey)
      await remove(keys)
    },
    async deletePrefix(prefix) {
      const found: string[] = []
      for await (const { key } of it.list(prefix)) found.push(key)
      await remove(found)
      return found.length
    },
    async createMultipart(key, contentType) {
      assertKey(key)
      return attempt(key, () => multipart.create(key, contentType))
    },
    signPart: (part) => attempt(part.key, () => multipart.sign(part)),
    listParts: (upload) => attempt(upload.key, () => multipart.list(upload)),
    async completeMultipart(upload) {
      try {
        await attempt(upload.key, () => multipart.complete(upload))
      } catch (error) {
        // It was completed before and the answer got lost: the object exists, its upload does not.
        if (!(error instanceof Failure && error.code === 'NOT_FOUND') || (await it.head(upload.key)) === null)
          throw error
      }
    },
    abortMultipart: (upload) => attempt(upload.key, () => multipart.abort(upload)),
    async signGet({ key, expiresSeconds, fileName }) {
      assertKey(key)
      const ResponseContentDisposition =
        fileName === undefined ? undefined : `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`
      return attempt(key, () =>
        getSignedUrl(signing, new GetObjectCommand({ Bucket, Key: key, ResponseContentDisposition }), {
          expiresIn: expiresSeconds,
        }),
      )
    },
    check: () =>
      attempt(`bucket ${Bucket}`, async () => {
        await client.send(new HeadBucketCommand({ Bucket }), { abortSignal: AbortSignal.timeout(5_000) })
      }),
    async close() {
      client.destroy()
      signing.destroy()
    },
    signedRoutes: null,
  }
  return it

  async function putBytes(
    key: string,
    body: Uint8Array,
    { contentType, ...expected }: Expecting,
  ): Promise<{ bytes: number; sha256: string }> {
    const digest = createHash('sha256').update(body).digest()
    const found = { bytes: body.byteLength, sha256: digest.toString('hex') }
    const wrong = mismatch(found, expected)
    if (wrong) throw wrong
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: key,
        Body: body,
        ContentLength: found.bytes,
        ContentType: contentType,
        ChecksumSHA256: digest.toString('base64'),
      }),
    )
    return found
  }

  /**
   * Uploads a stream in parts, a few at a time, so that any length fits into little memory; a stream that fails leaves
   * no object.
   */
  async function putStream(
    key: string,
    body: Readable,
    { contentType, ...expected }: Expecting,
  ): Promise<{ bytes: number; sha256: string }> {
    const { through, result } = measured(expected)
    // Errors, also those of the source, come out of `through` and so fail the upload.
    const Body = pipeline(body, through, () => {})
    await new Upload({
      client,
      params: { Bucket, Key: key, Body, ContentType: contentType, ChecksumAlgorithm: 'SHA256' },
      partSize: streamPartBytes,
      queueSize: 2,
    }).done()
    return result()
  }
}

type Expecting = { contentType: string; sha256?: string; bytes?: number }

function clientConfig(
  { region, accessKeyId, secretAccessKey }: S3StoreConfig,
  endpoint: string | undefined,
): S3ClientConfig {
  return {
    region,
    endpoint,
    forcePathStyle: endpoint !== undefined,
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey },
    // By default the SDK frames bodies, and stores that do not know the framing keep it in the object; we send SHA-256
    // where it matters.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({ connectionTimeout: 5_000, socketTimeout: 60_000 }),
    maxAttempts: 4,
  }
}

function headOf(answer: {
  ContentLength?: number
  ContentType?: string
  ETag?: string
  LastModified?: Date
}): ObjectHead {
  const { ContentLength = 0, ContentType = 'application/octet-stream', ETag = '', LastModified = new Date(0) } = answer
  return { bytes: ContentLength, contentType: ContentType, etag: ETag.replaceAll('"', ''), modified: LastModified }
}

async function attemptAt<T>(store: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFailure(error, what, store)
  }
}
