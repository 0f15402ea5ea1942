/**
 * Uploads in parts of a folder store: `multipart/<id>/upload.json` says for which key,
 * `multipart/<id>/<number>-<sha256>` are the parts.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Failure } from '@imclr/contract'
import { incomplete } from '../incomplete.js'
import type { Multipart, StoredPart } from '../objectStore.js'
import { codeOf, syncFolder, writeAside } from './files.js'

const hexToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
const base64ToHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex')

export class FolderMultipart {
  constructor(private readonly root: string) {}

  async create(key: string, contentType: string): Promise<string> {
    const id = randomBytes(16).toString('hex')
    const folder = this.folderOf(id)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { path } = await writeAside(folder, [Buffer.from(JSON.stringify({ key, contentType }))], {})
    await rename(path, join(folder, 'upload.json'))
    await syncFolder(folder)
    await syncFolder(this.root)
    return id
  }

  /** Throws Failure NOT_FOUND where there is no such upload of that key. */
  async contentType({ key, multipartId }: Multipart): Promise<string> {
    const text = await readFile(join(this.folderOf(multipartId), 'upload.json'), 'utf8').catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? noSuchUpload(multipartId) : error
    })
    const upload = JSON.parse(text) as { key: string; contentType: string }
    if (upload.key !== key) throw noSuchUpload(multipartId)
    return upload.contentType
  }

  async receive({
    key,
    multipartId,
    partNumber,
    sha256,
    bytes,
    body,
  }: Multipart & { partNumber: number; sha256: string; bytes: number; body: Readable }): Promise<{ etag: string }> {
    await this.contentType({ key, multipartId })
    const folder = this.folderOf(multipartId)
    const { path } = await writeAside(folder, arriving(body, partNumber), { sha256: base64ToHex(sha256), bytes })
    const name = `${partNumber}-${base64ToHex(sha256)}`
    await rename(path, join(folder, name))
    await syncFolder(folder)
    // The latest bytes of a part replace those that were sent earlier.
    const earlier = (await readdir(folder)).filter((other) => other.startsWith(`${partNumber}-`) && other !== name)
    await Promise.all(earlier.map((other) => rm(join(folder, other), { force: true })))
    return { etag: name }
  }

  async list(multipart: Multipart): Promise<StoredPart[]> {
    await this.contentType(multipart)
    const folder = this.folderOf(multipart.multipartId)
    const parts = new Map<number, StoredPart & { at: number }>()
    for (const name of await readdir(folder)) {
      const [, number, sha256] = /^(\d+)-([0-9a-f]{64})$/.exec(name) ?? []
      if (number === undefined || sha256 === undefined) continue
      const { size, mtimeMs } = await stat(join(folder, name))
      const partNumber = Number(number)
      if ((parts.get(partNumber)?.at ?? -1) < mtimeMs)
        parts.set(partNumber, { partNumber, sha256: hexToBase64(sha256), bytes: size, etag: name, at: mtimeMs })
    }
    return [...parts.values()].sort((a, b) => a.partNumber - b.partNumber).map(({ at: _, ...part }) => part)
  }

  /** The bytes of all `parts`, one after the other. Throws Failure UPLOAD_INCOMPLETE where one is missing. */
  async join(multipart: Multipart, parts: StoredPart[]): Promise<AsyncIterable<Uint8Array>> {
    const there = new Set((await this.list(multipart)).map((part) => part.etag))
    const missing = parts.filter((part) => !there.has(part.etag))
    if (missing.length > 0 || parts.length === 0)
      throw incomplete(
        multipart.key,
        missing.map((part) => part.partNumber),
      )
    const folder = this.folderOf(multipart.multipartId)
    return (async function* () {
      for (const part of parts) yield* createReadStream(join(folder, part.etag), { highWaterMark: 1 << 20 })
    })()
  }

  async remove(multipartId: string): Promise<void> {
    await rm(this.folderOf(multipartId), { recursive: true, force: true })
  }

  private folderOf(multipartId: string): string {
    if (!/^[0-9a-f]{32}$/.test(multipartId)) throw noSuchUpload(multipartId)
    return join(this.root, multipartId)
  }
}

/** Makes a sender that breaks off a CHECKSUM_MISMATCH: its bytes are not those announced. */
async function* arriving(body: Readable, partNumber: number): AsyncIterable<Uint8Array> {
  try {
    // The connection stays open where reading stops early: its owner still sends an answer on it.
    yield* body.iterator({ destroyOnReturn: false })
  } catch (cause) {
    throw new Failure('CHECKSUM_MISMATCH', `the connection broke before all of part ${partNumber} had arrived`, {
      cause,
    })
  }
}

const noSuchUpload = (multipartId: string): Failure =>
  new Failure(
    'NOT_FOUND',
    `the store has no upload ${JSON.stringify(multipartId.slice(0, 100))}: it was completed, aborted or never begun`,
  )
