import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { Failure, type FullDisk } from '@imclr/contract'
import { assertKey, assertPrefix } from '../keys.js'
import type { ObjectHead, ObjectStore } from '../objectStore.js'
import { checkFolders } from './checkFolders.js'
import { contentTypeOf } from './contentType.js'
import {
  asFailure,
  chunksOf,
  codeOf,
  moveIntoPlace,
  removeFile,
  writeAside,
  type Expected,
  type Written,
} from './files.js'
import { listFolder } from './listFolder.js'
import { FolderMultipart } from './multipart.js'
import { urlSigner } from './signedUrls.js'

export interface FolderStoreConfig {
  root: string
  /** The beginning of signed URLs; without it they are paths, which the API completes with its own address. */
  publicUrl?: string
  /** Hexadecimal, at least 32 bytes; a trainer has none, and signs nothing. */
  signingKey?: string
  /** Milliseconds since 1970. */
  now?: () => number
  /** Name of this machine, for the failure of a full disk. */
  host?: string
}

const partPath = '/v1/objects/part'
const getPath = '/v1/objects/'
const leftoverAfterMs = 24 * 3_600_000

/**
 * Keeps objects as files: `objects/<key>`; beside them `types/<key>` where the content type is not the one that the
 * key's ending implies, and `multipart/` and `aside/` for unfinished uploads and files. Several processes may work in
 * one folder.
 */
export async function openFolderStore({
  root: given,
  publicUrl,
  signingKey,
  now = Date.now,
  host = hostname(),
}: FolderStoreConfig): Promise<ObjectStore> {
  const root = resolve(given)
  const disk: FullDisk = { host, folder: root }
  const attempt = <T>(what: string, work: () => Promise<T>): Promise<T> => attemptOn(disk, what, work)
  const [objects, types, aside, multipartRoot] = ['objects', 'types', 'aside', 'multipart'].map((name) =>
    join(root, name),
  ) as [string, string, string, string]
  await attempt(root, () =>
    Promise.all([objects, types, aside, multipartRoot].map((path) => mkdir(path, { recursive: true, mode: 0o700 }))),
  )
  await removeLeftovers(aside, now())
  const multipart = new FolderMultipart(multipartRoot)
  const signer = signingKey === undefined ? null : urlSigner({ publicUrl, signingKey, now })
  const mustSign = () => {
    if (signer === null)
      throw new Failure(
        'INTERNAL',
        'this process cannot sign URLs: its folder store was opened without IMCLR_SIGNING_KEY',
      )
    return signer
  }

  async function store(
    key: string,
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { contentType, ...expected }: Expected & { contentType: string },
  ): Promise<Written> {
    assertKey(key)
    return attempt(key, async () => {
      const { path, bytes, sha256 } = await writeAside(aside, body, expected)
      try {
        if (contentType === contentTypeOf(key)) await removeFile(join(types, key), types)
        else await moveIntoPlace((await writeAside(aside, [Buffer.from(contentType)], {})).path, join(types, key))
        await moveIntoPlace(path, join(objects, key))
      } catch (error) {
        await rm(path, { force: true })
        throw error
      }
      return { bytes, sha256 }
    })
  }

  /** Throws where there is none. */
  async function describe(key: string): Promise<ObjectHead> {
    const { size, mtime, mtimeMs, ino } = await stat(join(objects, key)).then((found) => {
      if (!found.isFile()) throw new Failure('NOT_FOUND', `there is no object ${key}`)
      return found
    })
    const contentType = await readFile(join(types, key), 'utf8').catch(() => contentTypeOf(key))
    return {
      bytes: size,
      contentType,
      etag: `${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}`,
      modified: mtime,
    }
  }

  const remove = async (key: string): Promise<boolean> => {
    await removeFile(join(types, key), types)
    return removeFile(join(objects, key), objects)
  }

  const it: ObjectStore = {
    put: (key, body, options) => store(key, chunksOf(body), options),
    async get(key, range) {
      assertKey(key)
      const head = await reading(key, () => describe(key))
      const end = Math.min(range?.end ?? Infinity, head.bytes - 1)
      if (range !== undefined && (range.start < 0 || range.start > end))
        throw new Failure(
          'BAD_INPUT',
          `${key} has ${head.bytes} bytes; the range ${range.start}-${range.end} is not in it`,
        )
      const body = createReadStream(join(objects, key), {
        start: range?.start ?? 0,
        ...(range === undefined ? {} : { end }),
        highWaterMark: 256 * 1024,
      })
      return { ...head, bytes: range === undefined ? head.bytes : end - range.start + 1, body }
    },
    async read(key) {
      assertKey(key)
      return reading(key, () => readFile(join(objects, key)))
    },
    async head(key) {
      assertKey(key)
      return reading(key, () => describe(key)).catch((error: unknown) => {
        if (codeOf(error) === 'NOT_FOUND') return null
        throw error
      })
    },
    list(prefix) {
      assertPrefix(prefix)
      return listFolder(objects, prefix)
    },
    async delete(keys) {
      keys.forEach(assertKey)
      for (const key of keys) await attempt(key, () => remove(key))
    },
    async deletePrefix(prefix) {
      let count = 0
      for await (const { key } of it.list(prefix)) if (await attempt(key, () => remove(key))) count++
      return count
    },
    async createMultipart(key, contentType) {
      assertKey(key)
      return attempt(key, () => multipart.create(key, contentType))
    },
    async signPart({ key, multipartId, partNumber, sha256, bytes, expiresSeconds }) {
      const query = { key, multipart: multipartId, part: String(partNumber), sha256, bytes: String(bytes) }
      return { url: mustSign().sign({ method: 'PUT', path: partPath, query, expiresSeconds }), headers: {} }
    },
    listParts: (upload) => attempt(upload.key, () => multipart.list(upload)),
    async completeMultipart({ key, multipartId, parts }) {
      try {
        const contentType = await multipart.contentType({ key, multipartId })
        await store(key, await multipart.join({ key, multipartId }, parts), { contentType })
        await multipart.remove(multipartId)
      } catch (error) {
        // It was completed before and the answer got lost: the object exists, its upload does not.
        if (codeOf(error) !== 'NOT_FOUND' || (await it.head(key)) === null) throw asFailure(error, key, disk)
      }
    },
    abortMultipart: ({ multipartId }) => attempt(multipartId, () => multipart.remove(multipartId)),
    async signGet({ key, expiresSeconds, fileName }) {
      assertKey(key)
      const path = getPath + key.split('/').map(encodeURIComponent).join('/')
      return mustSign().sign({
        method: 'GET',
        path,
        query: fileName === undefined ? {} : { name: fileName },
        expiresSeconds,
      })
    },
    check: () => attempt(root, () => checkFolders(disk, [objects, types, aside, multipartRoot])),
    close: async () => {},
    signedRoutes: signer && {
      async receivePart(url, body) {
        const { path, query } = signer.verify('PUT', url)
        if (path !== partPath) throw new Failure('URL_REJECTED', 'this URL is not for a part')
        const { key = '', multipart: multipartId = '', sha256 = '' } = query
        return attempt(key, () =>
          multipart.receive({
            key,
            multipartId,
            partNumber: Number(query.part),
            sha256,
            bytes: Number(query.bytes),
            body,
          }),
        )
      },
      verifyGet(url) {
        const { path, query } = signer.verify('GET', url)
        if (!path.startsWith(getPath)) throw new Failure('URL_REJECTED', 'this URL is not for an object')
        return {
          key: path.slice(getPath.length).split('/').map(decodeURIComponent).join('/'),
          fileName: query.name ?? null,
        }
      },
    },
  }
  return it
}

async function attemptOn<T>(disk: FullDisk | undefined, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFailure(error, what, disk)
  }
}

/** Whether an error means that there is no such object: also where the key names a folder, or goes through a file. */
async function reading<T>(key: string, work: () => Promise<T>): Promise<T> {
  return attemptOn(undefined, key, () =>
    work().catch((error: unknown) => {
      throw ['ENOTDIR', 'EISDIR'].includes(codeOf(error))
        ? new Failure('NOT_FOUND', `there is no object ${key}`)
        : error
    }),
  )
}

/** Removes files that a crash left half written a day ago or earlier. */
async function removeLeftovers(aside: string, now: number): Promise<void> {
  for (const name of await readdir(aside)) {
    const path = join(aside, name)
    const age = await stat(path).then(
      (file) => now - file.mtimeMs,
      () => 0,
    )
    if (age > leftoverAfterMs && path.startsWith(aside + sep)) await rm(path, { force: true })
  }
}
