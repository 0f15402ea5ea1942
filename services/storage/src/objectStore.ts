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
 * Where the bytes are: a folder or an S3 bucket. Keys are those of `keys.ts`; a prefix ends with a slash. An object
 * appears whole or not at all, and lasts once its `put` has resolved. Everything may throw Failure STORE_UNAVAILABLE
 * (it may be tried again) and DISK_FULL.
 */
export interface ObjectStore {
  /** Writes an object over what was there. `sha256` (hexadecimal) and `bytes`, where given, must be met: else Failure CHECKSUM_MISMATCH and nothing changes. */
  put(
    key: string,
    body: Uint8Array | Readable,
    options: { contentType: string; sha256?: string; bytes?: number },
  ): Promise<{ bytes: number; sha256: string }>
  /** `range` has both ends in it, counted from 0; one that begins beyond the object is BAD_INPUT, an end beyond it is cut. `bytes` are those of `body`. Throws Failure NOT_FOUND. */
  get(key: string, range?: { start: number; end: number }): Promise<ObjectHead & { body: Readable }>
  /** The whole of a small object. Throws Failure NOT_FOUND. */
  read(key: string): Promise<Uint8Array>
  head(key: string): Promise<ObjectHead | null>
  /** In the order of the keys' bytes. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number; modified: Date }>
  /** Objects that are not there are as good as deleted. */
  delete(keys: string[]): Promise<void>
  /** Gives how many there were. */
  deletePrefix(prefix: string): Promise<number>
  /** Begins an upload in parts; gives the store's own id of it. */
  createMultipart(key: string, contentType: string): Promise<string>
  /** A URL (or a path of our own API, where `signedRoutes` are) to PUT one part to, with the headers to send along. The store refuses any other bytes. A part may be sent again. */
  signPart(part: PartToSign): Promise<{ url: string; headers: Record<string, string> }>
  /** The parts that have arrived, by number. Throws Failure NOT_FOUND where there is no such upload (any more). */
  listParts(multipart: Multipart): Promise<StoredPart[]>
  /** Joins the parts to one object. Throws Failure UPLOAD_INCOMPLETE with the missing parts. Doing it again changes nothing. */
  completeMultipart(multipart: Multipart & { parts: StoredPart[] }): Promise<void>
  abortMultipart(multipart: Multipart): Promise<void>
  /** A URL, or such a path, that gives the object to whoever has it; `fileName` is what a browser saves it as. */
  signGet(options: { key: string; expiresSeconds: number; fileName?: string }): Promise<string>
  /** Writes nothing. Throws where the store does not answer, or could not be written to as far as that shows from outside. */
  check(): Promise<void>
  close(): Promise<void>
  /** What the API must serve itself so that the signed URLs lead somewhere; null where the store has a server of its own. */
  readonly signedRoutes: SignedRoutes | null
}

/** Signed URLs of a folder store: `PUT /v1/objects/part?…` and `GET /v1/objects/<key>?…`. `url` is the request's path with its query. */
export interface SignedRoutes {
  /** Checks the URL and stores the part while it arrives. Throws Failure URL_REJECTED, CHECKSUM_MISMATCH, NOT_FOUND (no such upload). */
  receivePart(url: string, body: Readable): Promise<{ etag: string }>
  /** Checks the URL; says which object it is for. Throws Failure URL_REJECTED. */
  verifyGet(url: string): { key: string; fileName: string | null }
}
