/** Uploads in parts of an S3 store, each part with the SHA-256 that the store itself checks and keeps. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  S3ServiceException,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { Failure } from '@imclr/contract'
import { incomplete } from '../incomplete.js'
import type { Multipart, PartToSign, StoredPart } from '../objectStore.js'

const checksumHeader = 'x-amz-checksum-sha256'

export class S3Multipart {
  constructor(
    private readonly client: S3Client,
    private readonly signing: S3Client,
    private readonly bucket: string,
  ) {}

  async create(key: string, contentType: string): Promise<string> {
    const { UploadId } = await this.client.send(
      new CreateMultipartUploadCommand({
        Bucket: this.bucket,
        Key: key,
        ContentType: contentType,
        ChecksumAlgorithm: 'SHA256',
      }),
    )
    if (UploadId === undefined)
      throw new Failure('STORE_UNAVAILABLE', `the object store gave no id for the upload of ${key}`)
    return UploadId
  }

  /**
   * Checksum and length are signed headers: a request with others has a wrong signature, and the store checks the body
   * against them.
   */
  async sign({
    key,
    multipartId,
    partNumber,
    sha256,
    bytes,
    expiresSeconds,
  }: PartToSign): Promise<{ url: string; headers: Record<string, string> }> {
    const command = new UploadPartCommand({
      Bucket: this.bucket,
      Key: key,
      UploadId: multipartId,
      PartNumber: partNumber,
      ChecksumSHA256: sha256,
      ContentLength: bytes,
    })
    const url = await getSignedUrl(this.signing, command, {
      expiresIn: expiresSeconds,
      unhoistableHeaders: new Set([checksumHeader]),
      signableHeaders: new Set(['host', 'content-length', checksumHeader]),
    })
    return { url, headers: { [checksumHeader]: sha256 } }
  }

  async list({ key, multipartId }: Multipart): Promise<StoredPart[]> {
    const parts: StoredPart[] = []
    for (let marker: string | undefined; ;) {
      const page = await this.client.send(
        new ListPartsCommand({ Bucket: this.bucket, Key: key, UploadId: multipartId, PartNumberMarker: marker }),
      )
      for (const { PartNumber = 0, ChecksumSHA256 = null, Size = 0, ETag = '' } of page.Parts ?? [])
        parts.push({ partNumber: PartNumber, sha256: ChecksumSHA256, bytes: Size, etag: ETag.replaceAll('"', '') })
      if (page.IsTruncated !== true) return parts
      marker = page.NextPartNumberMarker
    }
  }

  async complete({ key, multipartId, parts }: Multipart & { parts: StoredPart[] }): Promise<void> {
    const there = new Map((await this.list({ key, multipartId })).map((part) => [part.partNumber, part]))
    const missing = parts.filter((part) => there.get(part.partNumber)?.etag !== part.etag)
    if (missing.length > 0 || parts.length === 0)
      throw incomplete(
        key,
        missing.map((part) => part.partNumber),
      )
    const Parts = parts.map((part) => ({
      PartNumber: part.partNumber,
      ETag: part.etag,
      ChecksumSHA256: part.sha256 ?? undefined,
    }))
    try {
      await this.client.send(
        new CompleteMultipartUploadCommand({
          Bucket: this.bucket,
          Key: key,
          UploadId: multipartId,
          MultipartUpload: { Parts },
        }),
      )
    } catch (error) {
      // The part was replaced after we listed it.
      if (error instanceof S3ServiceException && error.name === 'InvalidPart')
        throw incomplete(
          key,
          parts.map((part) => part.partNumber),
        )
      throw error
    }
  }

  async abort({ key, multipartId }: Multipart): Promise<void> {
    try {
      await this.client.send(new AbortMultipartUploadCommand({ Bucket: this.bucket, Key: key, UploadId: multipartId }))
    } catch (error) {
      if (!(error instanceof S3ServiceException && error.name === 'NoSuchUpload')) throw error
    }
  }
}
