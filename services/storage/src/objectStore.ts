import type { Readable } from 'node:stream'

export interface ObjectHead {
  bytes: number
  contentType: string
  /** Changes whenever the object does; without quotes. */
  etag: string
  modified: Date
}

/** `sha256` is base64, as in contract's `uploadPart`; null: the store keeps none. */
export interface StoredPart {
  partNumber: number
  sha256: string | null
  bytes: number
  etag: string
}

export interface PartToSign {
  key: string
  multipartId: string
  partNumber: number
  /** Base64. */
  sha256: string
  bytes: number
  expiresSeconds: number
}

export interface Multipart {
  key: string
  multipartId: string
}

/**
 * The object store: a folder or an S3 bucket. `keys.ts` makes the keys; a prefix ends with a slash. An object appears
 * whole or not at all, and is durable once its `put` has resolved. Every method may throw Failure STORE_UNAVAILABLE
 * (the caller may try again) and DISK_FULL.
 */
export interface ObjectStore {
  /**
   * Writes an object, over an earlier one. Throws Failure CHECKSUM_MISMATCH, and changes nothing, where `sha256`
   * (hexadecimal) or `bytes` is given and does not match.
   */
  put(
    key: string,
    body: Uint8Array | Readable,
    options: { contentType: string; sha256?: string; bytes?: number },
  ): Promise<{ bytes: number; sha256: string }>
  /**
   * Reads an object or a range of it; both ends are included and counted from 0, and an end beyond the object is cut.
   * `bytes` is the length of `body`. Throws Failure NOT_FOUND, and BAD_INPUT for a range that begins beyond the object.
   */
  get(key: string, range?: { start: number; end: number }): Promise<ObjectHead & { body: Readable }>
  /** Reads a small object as a whole. Throws Failure NOT_FOUND. */
  read(key: string): Promise<Uint8Array>
  head(key: string): Promise<ObjectHead | null>
  /** In the order of the keys' bytes. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number; modified: Date }>
  /** Deletes objects; does nothing for those that do not exist. */
  delete(keys: string[]): Promise<void>
  /** Deletes all objects under a prefix and returns how many there were. */
  deletePrefix(prefix: string): Promise<number>
  /** Begins an upload in parts and returns the store's id of it. */
  createMultipart(key: string, contentType: string): Promise<string>
  /**
   * A URL (a path of the API where the store has `signedRoutes`) to PUT one part to, with the headers to send along.
   * The store refuses other bytes. A part may be sent again.
   */
  signPart(part: PartToSign): Promise<{ url: string; headers: Record<string, string> }>
  /** The parts that have arrived, by number. Throws Failure NOT_FOUND where there is no such upload (any more). */
  listParts(multipart: Multipart): Promise<StoredPart[]>
  /**
   * Joins the parts to one object. A second call changes nothing. Throws Failure UPLOAD_INCOMPLETE with the missing
   * parts.
   */
  completeMultipart(multipart: Multipart & { parts: StoredPart[] }): Promise<void>
  abortMultipart(multipart: Multipart): Promise<void>
  /** A URL (or path, as for `signPart`) that gives the object to whoever has it; browsers save it as `fileName`. */
  signGet(options: { key: string; expiresSeconds: number; fileName?: string }): Promise<string>
  /** Checks without writing that the store answers and, as far as that shows, could be written to. Throws where not. */
  check(): Promise<void>
  close(): Promise<void>
  /** The routes that the API serves for signed URLs; null where the store has a server of its own. */
  readonly signedRoutes: SignedRoutes | null
}

/**
 * Signed URLs of a folder store: `PUT /v1/objects/part?…` and `GET /v1/objects/<key>?…`. `url` is the request's path
 * with its query.
 */
export interface SignedRoutes {
  /**
   * Checks the URL and stores the part while it arrives. Throws Failure URL_REJECTED, CHECKSUM_MISMATCH, NOT_FOUND (no
   * such upload).
   */
  receivePart(url: string, body: Readable): Promise<{ etag: string }>
  /** Checks the URL and returns which object it is for. Throws Failure URL_REJECTED. */
  verifyGet(url: string): { key: string; fileName: string | null }
}
